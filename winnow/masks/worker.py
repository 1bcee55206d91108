"""The process in which a segmenter lives: `python -m winnow.masks.worker FD`, started by process.py.

It takes ("prepare", [path …]) and ("predict", number, path, prompt) from the socket FD, and answers ("ready",),
("failed", text), ("prepared", path, problem or None), ("predicted", number, Predicted, ms, is_new) and ("refused",
number, kind, text).
"""

import os
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from winnow.errors import WinnowError
from winnow.masks.choices import segmenter_named
from winnow.masks.embeddings import EmbeddingCache
from winnow.masks.promptable import Embedding, Promptable, PromptedImages

_WANTED = 16  # images that wait to be embedded; the older ones are forgotten
_NICENESS = 10  # of work ahead of time, against prompts and key presses


@dataclass(frozen=True)
class WorkerPlan:
    """What the process is told first."""

    name: str
    weights_folder: Path
    cache_folder: Path
    max_bytes: int


class Ahead:
    """A thread that embeds images before they are asked for, the newest wish first, giving way to all else."""

    def __init__(self, images: PromptedImages, tell: Any) -> None:
        self._images = images
        self._tell = tell
        self._change = threading.Condition()
        self._wanted: list[Path] = []
        self._current: Path | None = None
        threading.Thread(target=self._run, name="ahead", daemon=True).start()

    def want(self, paths: list[Path]) -> None:
        """Embed these next, in this order."""
        with self._change:
            self._wanted = [*paths, *(path for path in self._wanted if path not in paths)][:_WANTED]
            self._change.notify_all()

    def now(self, path: Path) -> tuple[Embedding, bool]:
        """The embedding, computed here and now unless the thread is at it already."""
        with self._change:
            self._wanted = [wanted for wanted in self._wanted if wanted != path]
            self._change.wait_for(lambda: self._current != path)
        return self._images.set_image(path)

    def _run(self) -> None:
        _give_way()
        while True:
            with self._change:
                self._change.wait_for(lambda: self._wanted)
                self._current = path = self._wanted.pop(0)
            problem = None
            try:
                self._images.set_image(path)
            except WinnowError as error:
                problem = str(error)
            with self._change:
                self._current = None
                self._change.notify_all()
            self._tell(("prepared", path, problem))


class Worker:
    """Answers one message after the other until the server hangs up."""

    def __init__(self, connection: "Connection[Any, Any]", model: Promptable, cache: EmbeddingCache) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._model = model
        self._ahead = Ahead(PromptedImages(model, cache), self.tell)

    def tell(self, message: tuple[Any, ...]) -> None:
        """Send a message from any thread."""
        with self._sending:
            self._connection.send(message)

    def run(self) -> None:
        """Until the other end is closed."""
        self.tell(("ready",))
        while True:
            try:
                message = self._connection.recv()
            except EOFError:
                return
            if message[0] == "prepare":
                self._ahead.want(message[1])
            else:
                self._predict(*message[1:])

    def _predict(self, number: int, path: Path, prompt: Any) -> None:
        started = time.perf_counter()
        try:
            embedding, is_new = self._ahead.now(path)
            predicted = self._model.predict(embedding, prompt)
        except WinnowError as error:
            self.tell(("refused", number, type(error).__name__, str(error)))
            return
        self.tell(("predicted", number, predicted, (time.perf_counter() - started) * 1000, is_new))


def main() -> None:
    """Load the segmenter that the first message names, then answer."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    plan: WorkerPlan = connection.recv()
    _limit_threads()
    try:
        model = segmenter_named(plan.name, plan.weights_folder)
    except WinnowError as error:
        connection.send(("failed", str(error)))
        return
    Worker(connection, model, EmbeddingCache(plan.cache_folder, plan.max_bytes)).run()


def _limit_threads() -> None:
    """Half the cores: more threads than free cores wait for one another, and the label page needs the rest."""
    import cv2
    import torch

    n_cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    torch.set_num_threads(max(1, n_cores // 2))
    cv2.setNumThreads(1)


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere niceness is the whole process's
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


if __name__ == "__main__":
    main()
