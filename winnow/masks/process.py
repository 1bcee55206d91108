"""The server's end of a segmenter that lives in a process of its own: torch is never imported here."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from winnow.errors import BadBox, SegmenterError, UnreadableImage, WinnowError
from winnow.masks.promptable import Predicted
from winnow.masks.prompts import Prompt
from winnow.masks.worker import WorkerPlan

State = Literal["stopped", "starting", "ready", "failed"]
_ROOT = Path(__file__).parents[2]
_ERRORS: dict[str, type[WinnowError]] = {kind.__name__: kind for kind in (BadBox, SegmenterError, UnreadableImage)}
_PATIENCE_S = 300.0  # a large model embeds an image in half a minute without a GPU
_REMEMBERED = 1000  # images whose state is kept


@dataclass(frozen=True)
class Answer:
    """A prediction; `ms` is what the segmenter took, `is_new` says that the image had to be embedded first."""

    predicted: Predicted
    ms: float
    is_new: bool


class SegmenterProcess:
    """One segmenter; its process starts at the first use, and again at the first prediction after a crash."""

    def __init__(self, name: str, weights_folder: Path, cache_folder: Path, max_bytes: int) -> None:
        self.name = name
        self._plan = WorkerPlan(name, weights_folder, cache_folder, max_bytes)
        self._lock = threading.RLock()
        self._state: State = "stopped"
        self._problem: str | None = None
        self._run: _Run | None = None
        self._prepared: dict[Path, str] = {}

    def state(self) -> tuple[State, str | None]:
        """Where the process stands, and what it broke off with."""
        with self._lock:
            return self._state, self._problem

    def prepare(self, images: list[Path]) -> dict[Path, str]:
        """Embed images ahead of time; answers "ready", "working" or "failed" for each. Waits for nothing.

        That an image failed is told once: the next time it is tried again, since its file may be whole by then.
        """
        with self._lock:
            if self._state == "failed":  # by this very image, perhaps: only a person's prompt starts it again
                return dict.fromkeys(images, "failed")
            run = self._started()
            known = {path: self._prepared.get(path, "working") for path in images}
            for path in images:
                if known[path] == "failed":
                    del self._prepared[path]
            run.send(("prepare", images))
            return known

    def predict(self, image: Path, prompt: Prompt, timeout_s: float = _PATIENCE_S) -> Answer:
        """The mask that the prompt asks for.

        Raises:
            BadBox, UnreadableImage: as the segmenter says.
            SegmenterError: the prompt cannot be used, the model cannot be loaded, or the process broke off.
        """
        with self._lock:
            future = self._started().ask(image, prompt)
        try:
            return future.result(timeout_s)
        except FutureTimeout as error:
            raise SegmenterError(
                f"{self.name} has not answered for {timeout_s:.0f} s. Try again, or choose a smaller segmenter."
            ) from error

    def close(self) -> None:
        """End the process; a later use starts it again."""
        with self._lock:
            run, self._run, self._state = self._run, None, "stopped"
        if run is not None:
            run.close()

    def _started(self) -> "_Run":
        if self._run is None:
            self._state, self._problem = "starting", None
            self._prepared.clear()
            self._run = _Run(self._plan, self._hear)
        return self._run

    def _hear(self, run: "_Run", message: tuple[Any, ...]) -> None:
        """What a run tells of itself, from its reader's thread."""
        with self._lock:
            if run is not self._run:
                return
            if message[0] == "ready":
                self._state = "ready"
            elif message[0] == "prepared":
                self._prepared[message[1]] = "failed" if message[2] else "ready"
                while len(self._prepared) > _REMEMBERED:
                    del self._prepared[next(iter(self._prepared))]
            elif message[0] == "failed":
                self._state, self._problem, self._run = "failed", message[1], None


class _Run:
    """One life of the process."""

    def __init__(self, plan: WorkerPlan, hear: Any) -> None:
        self._hear = hear
        self._name = plan.name
        self._sending = threading.Lock()
        self._waiting: dict[int, Future[Answer]] = {}
        self._number = 0
        self._failed_with: str | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        ours, theirs = socket.socketpair()
        paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "winnow.masks.worker", str(theirs.fileno())],
            env={**os.environ, "PYTHONPATH": paths}, stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=subprocess.STDOUT, pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self.send(plan)
        threading.Thread(target=self._read, name=f"segmenter {plan.name}", daemon=True).start()

    def send(self, message: Any) -> None:
        """Where the process has gone, its reader tells of it."""
        with self._sending:
            try:
                self._connection.send(message)
            except OSError:
                return

    def ask(self, image: Path, prompt: Prompt) -> "Future[Answer]":
        """Send a prompt; the future is answered when its mask is there."""
        self._number += 1
        future: Future[Answer] = Future()
        self._waiting[self._number] = future
        self.send(("predict", self._number, image, prompt))
        return future

    def close(self) -> None:
        """Hang up, at which the process ends; one that is at work is ended."""
        self._process.terminate()
        self._process.wait()

    def _read(self) -> None:
        """Own thread: hand every answer to who waits for it, until the process ends."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                break
            if message[0] == "predicted":
                self._waiting.pop(message[1]).set_result(Answer(*message[2:]))
            elif message[0] == "refused":
                self._waiting.pop(message[1]).set_exception(_ERRORS.get(message[2], SegmenterError)(message[3]))
            elif message[0] == "failed":
                self._failed_with = message[1]
            else:
                self._hear(self, message)
        self._end()

    def _end(self) -> None:
        code = self._process.wait()
        problem = self._failed_with or f"The segmenter {self._name} broke off: {_cause(code)}{self._last_words()}"
        self._hear(self, ("failed", problem))
        for future in list(self._waiting.values()):
            future.set_exception(SegmenterError(problem))
        self._connection.close()
        self._log.close()

    def _last_words(self) -> str:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 2000))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return f" Its last words: {lines[-1][:300]}" if lines else ""


def _cause(code: int) -> str:
    if code == -signal.SIGKILL:
        return "it was killed (signal 9), most likely because memory ran out. Choose a smaller segmenter."
    if code < 0:
        return f"it was ended by signal {-code} ({signal.Signals(-code).name}). The next prompt starts it again."
    return f"it ended with exit code {code}. The next prompt starts it again."
