"""The server's side of jobs: the queue, the one thread that starts and watches them, and stopping."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.errors import JobError, WinnowError
from winnow.jobs.job import Job, JobFolder, new_job_folder, numbers, publish
from winnow.jobs.locks import Lock, is_held
from winnow.jobs.reporter import FOLDER_VARIABLE

Events = list[dict[str, Any]]  # named here because `Jobs.list` hides the type inside the class
_PROJECT_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Patience:
    """Seconds: how often the jobs are looked at, and what a stop waits for before it gets rougher."""

    look_every_s: float = 0.5
    asked_s: float = 15.0  # for the command to stop by itself; then SIGTERM
    terminated_s: float = 10.0  # after that; then SIGKILL


class Jobs:
    """All jobs of a workspace; they live in processes of their own and outlive this object and its server."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        patience: Patience | None = None,
        program: Sequence[str] = (sys.executable, "-m", "winnow"),
    ) -> None:
        self._folder, self._environment, self._program = folder, dict(environment), list(program)
        self._patience = patience or Patience()
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._exit_codes: dict[int, int] = {}
        self._ended: set[int] = set()  # known to have ended, with that on disk: need no look any more
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to run queued jobs and to watch running ones, also those that an earlier server started."""
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching; running jobs run on."""
        self._closing.set()
        self._wake.set()
        if self._thread:
            self._thread.join()

    def submit(self, kind: str, arguments: Sequence[str], *, title: str, session: int | None = None) -> Job:
        """Queue `python -m winnow <arguments>`; raises JobError when the workspace cannot be written."""
        folder = JobFolder(publish(new_job_folder(self._folder, kind, title, arguments, session)))
        job = folder.read()
        self._ended.discard(job.number)  # the folder of an ended job with this number was removed
        self._wake.set()
        return job

    def list(self) -> list[Job]:
        """Every job, newest first."""
        return [self.get(number) for number in reversed(numbers(self._folder))]

    def get(self, number: int) -> Job:
        """One job as it stands; raises JobError for a number that is not there."""
        folder = self.folder_of(number)
        return folder.read(self._exit_code(number, folder))

    def events(self, number: int, after: int = 0) -> Events:
        """The job's events from `after` + 1 on, each with its `seq`, `kind` and `at`; raises JobError as `get`."""
        return self.folder_of(number).events(after)

    def log(self, number: int, n_lines: int = 200) -> str:
        """The last lines that the process printed."""
        return self.folder_of(number).log_tail(n_lines)

    def stop(self, number: int) -> Job:
        """Ask a job to stop; raises JobError when it has ended. A queued one is stopped at once."""
        job = self.get(number)
        if job.has_ended:
            raise JobError(f"Job {number} has ended already ({job.state}); there is nothing to stop.")
        self.folder_of(number).ask_to_stop()
        self._wake.set()
        return self.get(number)

    def folder_of(self, number: int) -> JobFolder:
        """The files of a job; raises JobError for a number that is not there."""
        folder = self._folder / f"{number:04d}"
        if not (folder / "job.json").is_file():
            raise JobError(f"There is no job {number}. The jobs are listed on the Train page.")
        return JobFolder(folder)

    def _exit_code(self, number: int, folder: JobFolder) -> int | None:
        child = self._children.get(number)
        if child is None:
            return self._exit_codes.get(number)
        # A dying process lets go of its lock a moment before its exit code can be had.
        return child.wait() if folder.is_left_running else child.poll()

    def _loop(self) -> None:
        while not self._closing.is_set():
            try:
                self._look()
            except (WinnowError, OSError) as error:  # a full disk, say: the next look tries again
                print(f"winnow jobs: {error}", file=sys.stderr)
            self._wake.wait(self._patience.look_every_s)
            self._wake.clear()

    def _look(self) -> None:
        waiting, there = [], numbers(self._folder)
        self._ended.intersection_update(there)
        for number in there:
            if number in self._ended or (number in self._children and not self._asked_to_stop(number)):
                continue
            if self._attend(number) == "queued":
                waiting.append(number)
        if waiting and not self._children and not is_held(self._folder / "running.lock"):
            self._spawn(waiting[0])

    def _asked_to_stop(self, number: int) -> bool:
        return self.folder_of(number).stop_path.exists()

    def _attend(self, number: int) -> str:
        """Do what the job's state asks for: hurry its end, or put its end on disk. Returns the state."""
        folder = self.folder_of(number)
        job = self.get(number)
        if job.state == "stopping" and folder.is_alive:
            self._hurry(folder)
        elif job.state == "stopping" or job.has_ended:
            self._put_on_record(folder, job)
        return job.state

    def _put_on_record(self, folder: JobFolder, job: Job) -> None:
        """Write the end of a job whose process did not; one that never began was stopped in the queue."""
        alive = Lock.take(folder.alive_lock)
        if alive is None:
            return
        try:
            if not folder.is_damaged:
                self._write_end(folder, job)
            self._ended.add(job.number)
        finally:
            alive.release()

    def _write_end(self, folder: JobFolder, job: Job) -> None:
        written = folder.read_state()
        if written.get("state", "queued") in ("queued", "running"):
            end = {"state": "stopped", "ended_at": time.time()} if job.state == "stopping" else {}
            told = {"state": job.state, "error": job.error, "ended_at": job.ended_at, "text": "", **end}
            folder.write_state(written | told)

    def _hurry(self, folder: JobFolder) -> None:
        """End by signal a process that was asked to stop and did not, first gently."""
        waited_s = time.time() - folder.stop_path.stat().st_mtime - self._patience.asked_s
        if waited_s < 0:
            return
        number = signal.SIGTERM if waited_s < self._patience.terminated_s else signal.SIGKILL
        try:
            os.kill(folder.signals_to, number)
        except ProcessLookupError:
            return  # it ended just now; the next look puts that on record

    def _spawn(self, number: int) -> None:
        """Start a queued job's process with its alive lock handed down: at no time does it look dead."""
        folder = self.folder_of(number)
        alive = Lock.take(folder.alive_lock)
        if alive is None:
            return
        try:
            state = {"state": "running", "started_at": time.time()}
            folder.write_state(state)
            self._children[number] = child = self._process(folder, alive)
            threading.Thread(target=self._await_end, args=(number, child), daemon=True).start()
            folder.write_signals_to(-child.pid)
        except OSError as error:
            folder.write_state(state | {"state": "failed", "ended_at": time.time(), "error": f"Cannot start: {error}"})
        finally:
            alive.release()

    def _await_end(self, number: int, child: "subprocess.Popen[bytes]") -> None:
        """Own thread: keeps the exit code, and the child referred to until it ends, also past `close`."""
        self._exit_codes[number] = child.wait()
        del self._children[number]
        self._wake.set()

    def _process(self, folder: JobFolder, alive: Lock) -> "subprocess.Popen[bytes]":
        paths = os.pathsep.join(filter(None, [str(_PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, **self._environment, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}
        environment |= {FOLDER_VARIABLE: str(folder.path.absolute()), f"{FOLDER_VARIABLE}_LOCK": str(alive.descriptor)}
        command = [*self._program, *folder.read().arguments]
        with folder.log_path.open("ab") as log:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[alive.descriptor],
                start_new_session=True,
            )
