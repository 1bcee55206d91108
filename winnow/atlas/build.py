"""The program that makes an atlas: `python -m winnow.atlas.build FOLDER MATRIX`, a line of JSON for all it does.

FOLDER holds `request.npz`. Lines: {"stage", "share"} while it works, {"done": stage}, {"problem": text}. It ends when
its stdin does, whatever it is doing.
"""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from winnow.atlas import files, neighbours
from winnow.atlas.clusters import Tell, make_clusters
from winnow.atlas.layout import make_layout
from winnow.features.matrix import open_vectors
from winnow.learning.space import FeatureSpace

NICENESS = 19  # the lowest: keys, images and the head come first
TOLD_EVERY = 0.01  # of a stage
Say = Callable[[dict[str, Any]], None]


class Builder:
    """Makes the stages that are not there yet, in order, each with random numbers of its own."""

    def __init__(self, folder: Path, space: FeatureSpace, is_shown: NDArray[np.bool_], say: Say) -> None:
        self.folder, self.space, self.say = folder, space, say
        self.rows = np.flatnonzero(is_shown & space.is_usable).astype(np.int64)
        self._makers = {
            "clusters": self._clusters,
            "neighbours": self._neighbours,
            "layout": self._layout,
            "index": self._index,
        }

    def build(self) -> None:
        for stage in files.stages_of(len(self.rows)):
            if not (self.folder / stage).is_dir():
                unfinished = files.new_stage(self.folder, stage)
                rng = np.random.default_rng([len(self.rows), len(stage)])
                self._makers[stage](unfinished, rng, self._teller(stage))
                files.publish(unfinished, stage)
                self.say({"done": stage})
        files.remove_others(self.folder)

    def _clusters(self, to: Path, rng: np.random.Generator, tell: Tell) -> None:
        files.save_arrays(to, dict(vars(make_clusters(self.space, self.rows, rng, tell))))

    def _neighbours(self, to: Path, rng: np.random.Generator, tell: Tell) -> None:
        if (index_folder := self.folder / "index").is_dir():
            index = neighbours.read_index(index_folder / "index.faiss")
            rows, likeness = neighbours.index_table(self.space, self.rows, index, tell)
        else:
            rows, likeness = neighbours.exact_table(self.space, self.rows, tell)
        files.save_arrays(to, {"rows": rows, "likeness": likeness})

    def _layout(self, to: Path, rng: np.random.Generator, tell: Tell) -> None:
        files.save_arrays(to, {"xy": make_layout(self.space, self.rows, rng, tell)})

    def _index(self, to: Path, rng: np.random.Generator, tell: Tell) -> None:
        index = neighbours.build_index(self.space, self.rows, rng, tell)
        neighbours.write_index(index, to / "index.faiss")

    def _teller(self, stage: str) -> Tell:
        told = -1.0

        def tell(share: float) -> None:
            nonlocal told
            if share >= told + TOLD_EVERY:
                told = share
                self.say({"stage": stage, "share": round(share, 3)})

        return tell


def read_space(folder: Path, matrix: Path) -> tuple[FeatureSpace, NDArray[np.bool_]]:
    """The pool's space, on one thread, and (n,) bool which rows are shown."""
    with np.load(folder / files.REQUEST, allow_pickle=False) as stored:
        figures = {name: stored[name] for name in ("mean", "axes", "gain", "inverse_norm")}
        is_shown = stored["is_shown"]
    is_usable = is_shown & np.isfinite(figures["inverse_norm"])
    space = FeatureSpace(vectors=open_vectors(matrix), is_usable=is_usable, workers=ThreadPoolExecutor(1), **figures)
    return space, is_shown


def main(folder: Path, matrix: Path) -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Linux may share its time out among sessions first: one of its own would weigh as much as the server's.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no message
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()

    def say(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=channel, flush=True)

    try:
        Builder(folder, *read_space(folder, matrix), say).build()
    except ImportError as error:
        say({"problem": f"{error}. Install what is missing: pip install -r requirements.txt"})


def _end_with(stdin: IO[str]) -> None:
    stdin.read()  # until the server closes it, or dies
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
