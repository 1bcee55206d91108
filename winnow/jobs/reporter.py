"""What a long command tells while it works, and where it learns that it should stop."""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from winnow.errors import JobError, WinnowError
from winnow.jobs.endings import OUT_OF_MEMORY
from winnow.jobs.job import JobFolder, new_job_folder, publish
from winnow.jobs.locks import Lock

FOLDER_VARIABLE = "WINNOW_JOB"  # the job's folder, set for a process that the server started
_WRITE_EVERY_S = 0.25
_PRINT_EVERY_S = 2.0
_LOOK_EVERY_S = 0.2
_NICENESS = 10  # the server and the browser come first


class Stopped(Exception):
    """The work was told to stop; what it had not finished is not there."""


class Reporter(Protocol):
    """The four things a long command says; the same calls in a job and in a terminal."""

    def progress(self, done: int, total: int, text: str = "") -> None: ...

    def event(self, kind: str, **values: Any) -> None: ...

    def result(self, **values: Any) -> None: ...

    def check_stop(self) -> None: ...


@contextmanager
def long_work(
    jobs_folder: Path, kind: str, title: str, arguments: Sequence[str] = (), session: int | None = None
) -> Iterator["JobReporter"]:
    """The reporter of a command that is a job wherever it was started, one long work at a time in the workspace.

    In a process that the server started it is that job; from a terminal it makes a job of its own, so that a running
    server shows it, and waits for its turn. How the block ends is the job's end: Stopped (swallowed here) is
    `stopped`, an error is `failed` with its cause and raised again.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        report = JobReporter.started_by_server(Path(folder))
    else:
        report = JobReporter.in_terminal(new_job_folder(jobs_folder, kind, title, arguments, session))
    try:
        report.wait_for_turn()
        yield report
    except Stopped:
        report.end("stopped")
        print(f"winnow {kind}: stopped.", file=sys.stderr)
    except KeyboardInterrupt:
        report.end("stopped")
        raise
    except BaseException as error:
        report.end("failed", error=cause_of(error))
        raise
    else:
        report.end("completed")


def cause_of(error: BaseException) -> str:
    """An error in words that say what to do; our own errors as they are."""
    if isinstance(error, WinnowError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"Memory ran out. {OUT_OF_MEMORY}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}. Check the folder and the disk's space."
    return f"{type(error).__name__}: {error}"


class TerminalReporter:
    """Tells of the progress on standard error, a line every few seconds."""

    def __init__(self) -> None:
        self._printed_at = 0.0

    def progress(self, done: int, total: int, text: str = "") -> None:
        now = time.monotonic()
        if now - self._printed_at >= _PRINT_EVERY_S or done == total:
            self._printed_at = now
            print(f"{done} of {total}  {text}" if total else text, file=sys.stderr, flush=True)

    def event(self, kind: str, **values: Any) -> None:
        """Events are for the page; the terminal has the progress."""

    def result(self, **values: Any) -> None:
        """Results are for the page; the command prints what it made."""

    def check_stop(self) -> None:
        """A terminal's command is stopped by Ctrl-C."""


class JobReporter:
    """Writes the state and the events of the job whose alive lock this process holds."""

    def __init__(self, folder: JobFolder, alive: Lock, terminal: TerminalReporter | None) -> None:
        self._folder, self._alive, self._terminal = folder, alive, terminal
        self._turn: Lock | None = None
        self._state: dict[str, Any] = {"started_at": time.time(), **folder.read_state()}
        self._state["state"] = "running"
        self._written_at = 0.0
        self._write()

    @classmethod
    def started_by_server(cls, path: Path) -> "JobReporter":
        """The job that this process is; the server took its lock and handed it down."""
        os.nice(_NICENESS)
        descriptor = os.environ.get(f"{FOLDER_VARIABLE}_LOCK", "")
        if not descriptor.isdecimal():
            raise JobError(f"{FOLDER_VARIABLE} is set to {path}, but no server started this. Unset it.")
        return cls(JobFolder(path), Lock.inherited(int(descriptor)), None)

    @classmethod
    def in_terminal(cls, unpublished: Path) -> "JobReporter":
        """A new job that this process is, locked before it can be seen, so that no server starts it a second time."""
        alive = Lock.take(JobFolder(unpublished).alive_lock)
        assert alive is not None, "nobody else knows the folder"
        JobFolder(unpublished).write_state({"state": "running", "started_at": time.time()})
        # The process alone: its group may hold whatever else runs in that line of the shell.
        JobFolder(unpublished).write_signals_to(os.getpid())
        return cls(JobFolder(publish(unpublished)), alive, TerminalReporter())

    @property
    def folder(self) -> Path:
        return self._folder.path

    @property
    def number(self) -> int:
        return int(self.folder.name)

    def wait_for_turn(self) -> None:
        """Hold the workspace's one lock for long work from here on; says whose end it waits for."""
        path = self.folder.parent / "running.lock"
        while (turn := Lock.take(path)) is None:
            self.check_stop()
            self.progress(0, 0, f"Waits for {path.read_text() or 'another long work'} to end.")
            time.sleep(_LOOK_EVERY_S)
        self._turn = turn
        os.ftruncate(turn.descriptor, 0)
        os.pwrite(turn.descriptor, f"job {self.number}".encode(), 0)
        self.progress(0, 0, "")

    def progress(self, done: int, total: int, text: str = "") -> None:
        self._state |= {"done": done, "total": total, "text": text}
        if time.monotonic() - self._written_at >= _WRITE_EVERY_S:
            self._write()
        if self._terminal and text:
            self._terminal.progress(done, total, text)

    def event(self, kind: str, **values: Any) -> None:
        """Append one event; raises JobError when the disk does not take it."""
        line = json.dumps({"kind": kind, "at": time.time(), **values}).encode() + b"\n"
        try:
            with self._folder.events_path.open("ab") as file:
                file.write(line)
        except OSError as error:
            raise JobError(f"{self._folder.events_path} cannot be written: {cause_of(error)}") from error
        self._write()

    def result(self, **values: Any) -> None:
        self._state["result"] = {**self._state.get("result", {}), **values}
        self._write()

    def check_stop(self) -> None:
        if self._folder.stop_path.exists():
            raise Stopped

    def end(self, state: str, error: str | None = None) -> None:
        """Write the last state and let go of the locks; a disk that takes no more is told by whoever reads the job."""
        self._state |= {"state": state, "error": error, "ended_at": time.time(), "text": ""}
        try:
            self._write()
        except WinnowError as unwritten:
            print(f"winnow: {unwritten}", file=sys.stderr)
        for lock in (self._turn, self._alive):
            if lock:
                lock.release()

    def _write(self) -> None:
        self._folder.write_state(self._state)
        self._written_at = time.monotonic()
