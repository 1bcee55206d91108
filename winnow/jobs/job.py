"""One job: its folder's files, and what they add up to.

Whoever holds `alive.lock` writes `state.json`: the server before the process starts, the process while it lives, the
server again once it has died. A wish to stop is a file of its own, so two writers never meet.
"""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from winnow.errors import JobError
from winnow.files import write_atomically
from winnow.jobs.endings import ending
from winnow.jobs.locks import is_held

SCHEMA = 1
LIVE_STATES = ("queued", "running", "stopping")
END_STATES = ("stopped", "completed", "failed")


@dataclass(frozen=True)
class Job:
    """A job as it stands: times in Unix seconds, `error` the cause for people, `result` what the command handed on."""

    number: int
    kind: str
    title: str
    arguments: tuple[str, ...]
    session: int | None
    created_at: float
    state: str = "queued"
    started_at: float | None = None
    ended_at: float | None = None
    done: int = 0
    total: int = 0
    text: str = ""
    error: str | None = None
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        return self.state in END_STATES

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class JobFolder:
    """The files of one job; nothing here is cached."""

    path: Path

    @property
    def alive_lock(self) -> Path:
        return self.path / "alive.lock"

    @property
    def events_path(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log_path(self) -> Path:
        return self.path / "log.txt"

    @property
    def stop_path(self) -> Path:
        return self.path / "stop"

    @property
    def is_alive(self) -> bool:
        return is_held(self.alive_lock)

    @property
    def is_left_running(self) -> bool:
        """Whether the process went without a last word."""
        return not self.is_damaged and self.read_state().get("state") == "running" and not self.is_alive

    @property
    def is_damaged(self) -> bool:
        try:
            self._read(None)
        except JobError:
            return True
        return False

    def read(self, exit_code: int | None = None) -> Job:
        """The job now; one whose process died without a word reads as ended, whether or not that could be written.

        One whose files are damaged reads as failed with that cause, so that it holds up no other.
        """
        try:
            return self._read(exit_code)
        except JobError as error:
            return self._damaged(str(error))

    def _read(self, exit_code: int | None) -> Job:
        card, state = self._json("job.json"), self._json("state.json")
        number = int(self.path.name)
        # Asked for after the state was read: a process that ended in between has written a newer one.
        if state.get("state") == "running" and not self.is_alive:
            state = self._json("state.json")
            if state.get("state") == "running":
                state |= ending(exit_code, self.log_tail(), self.path, was_told_to_stop=self.stop_path.exists())
        elif state.get("state", "queued") in LIVE_STATES and self.stop_path.exists():
            state |= {"state": "stopping"}
        known = {name: state[name] for name in Job.__dataclass_fields__ if name in state}
        if known.get("state", "queued") not in (*LIVE_STATES, *END_STATES):
            raise self._damage("state.json", f"no state {known['state']!r}")
        try:
            said = card["kind"], card["title"], tuple(card["arguments"]), card["session"], float(card["created_at"])
            return Job(number, *said, **known)
        except (LookupError, TypeError, ValueError) as error:
            raise self._damage("job.json", repr(error)) from error

    def _damaged(self, cause: str) -> Job:
        """Nothing is known but the number and, from the folder, about when it was made."""
        made_at = self.path.stat().st_mtime
        return Job(int(self.path.name), "unknown", "Damaged job", (), None, made_at, state="failed", error=cause)

    def read_state(self) -> dict[str, Any]:
        return self._json("state.json")

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the state; raises WinnowError, with the old one in place, when the disk does not take it."""
        write_atomically(self.path / "state.json", json.dumps({"schema": SCHEMA, **state}).encode())

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """What the job told, from event `after` + 1 on; `seq` counts lines from 1. A half-written line is left out."""
        if not self.events_path.exists():
            return []
        lines = self.events_path.read_bytes().split(b"\n")[:-1]
        found = []
        for seq, line in enumerate(lines[after:], after + 1):
            try:
                found.append({**json.loads(line), "seq": seq})
            except ValueError:
                continue
        return found

    def log_tail(self, n_lines: int = 12) -> str:
        """The log's last lines that are not blank; progress bars count as their newest state."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 20_000))
            text = file.read().decode(errors="replace")
        lines = [line.rsplit("\r", 1)[-1].rstrip() for line in text.split("\n")]
        return "\n".join([line for line in lines if line][-n_lines:])

    @property
    def signals_to(self) -> int:
        """What `kill` is given: a process, or, negative, the whole group that the server started."""
        return int((self.path / "pid").read_bytes())

    def write_signals_to(self, pid: int) -> None:
        write_atomically(self.path / "pid", str(pid).encode())

    def ask_to_stop(self) -> None:
        if not self.stop_path.exists():
            write_atomically(self.stop_path, str(time.time()).encode())

    def _json(self, name: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise self._damage(name, str(error)) from error
        if not isinstance(content, dict):
            raise self._damage(name, "no JSON object")
        return content

    def _damage(self, name: str, cause: str) -> JobError:
        return JobError(f"{self.path / name} is damaged ({cause}): remove the folder {self.path}.")


def new_job_folder(jobs_folder: Path, kind: str, title: str, arguments: Sequence[str], session: int | None) -> Path:
    """A whole job under a temporary name, to be numbered by `publish`; raises JobError when it cannot be written."""
    try:
        folder = jobs_folder / f"writing-{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
    except OSError as error:
        raise JobError(f"{jobs_folder} cannot be written: {error}. Check the folder and the disk's space.") from error
    card = {"schema": SCHEMA, "kind": kind, "title": title, "arguments": list(arguments), "session": session}
    write_atomically(folder / "job.json", json.dumps(card | {"created_at": time.time()}).encode())
    return folder


def publish(folder: Path) -> Path:
    """Give the job the next free number, by a rename; another process that was quicker costs one more try."""
    jobs_folder = folder.parent
    while True:
        taken = [int(path.name) for path in jobs_folder.iterdir() if path.name.isdecimal()]
        numbered = jobs_folder / f"{max(taken, default=0) + 1:04d}"
        try:
            folder.rename(numbered)
        except OSError:
            if not numbered.exists():
                raise
            continue
        return numbered


def numbers(jobs_folder: Path) -> list[int]:
    """The jobs that are there, oldest first."""
    names = (path.parent.name for path in jobs_folder.glob("*/job.json"))
    return sorted(int(name) for name in names if name.isdecimal() and name == f"{int(name):04d}")
