"""The atlas of a pool as the server reads it, while a process of its own makes what is missing."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from winnow.atlas import files, neighbours
from winnow.atlas.clusters import Clusters
from winnow.atlas.orders import best_rows, tour_order, unusual_order
from winnow.atlas.pairs import Pairs, pairs_of
from winnow.atlas.process import BuildProcess
from winnow.atlas.sphere import direction_on_sphere
from winnow.learning.space import FeatureSpace

if TYPE_CHECKING:
    import faiss

SCAN_ROWS = 200_000  # up to here every row is compared, which takes some ten milliseconds
TOUR_SEED = 5
SHARES = {"clusters": 0.05, "index": 0.1, "neighbours": 0.45, "layout": 0.4}  # of the time, about
State = Literal["building", "ready", "failed"]


class Atlas:
    """Neighbours, clusters, near-duplicates and a map of a pool; each is there as soon as its stage is made.

    `start` reads what an earlier run made and has the rest made; `on_change` is then called, by a thread of the
    atlas's own, whenever a stage has come or the making has ended. What is not there yet reads as None.
    """

    def __init__(self, folder: Path, matrix_path: Path, space: FeatureSpace, is_shown: NDArray[np.bool_]) -> None:
        """`is_shown` (n,) bool: rows that are no duplicates and whose features can be used."""
        self.space = space
        self.on_change: Callable[[], None] = lambda: None
        self.state: State = "building"
        self.problem: str | None = None
        self.clusters: Clusters | None = None
        self.layout: NDArray[np.float32] | None = None  # (n, 2) in [−1, 1], NaN for rows that are not shown
        self.neighbour_rows: NDArray[np.int32] | None = None  # (n, 8), nearest first, −1 for none
        self.neighbour_likeness: NDArray[np.float32] | None = None  # (n, 8), NaN for none
        self._is_shown = np.asarray(is_shown, bool) & space.is_usable
        self._matrix_path = matrix_path
        self._folder = folder / files.key_of(matrix_path, space, self._is_shown)
        self._index: faiss.Index | None = None
        self._index_lock = threading.Lock()
        self._shares = dict.fromkeys(files.stages_of(int(self._is_shown.sum())), 0.0)
        self._process: BuildProcess | None = None

    @property
    def progress(self) -> float:
        """The share of the making that is done, about."""
        total = sum(SHARES[stage] for stage in self._shares)
        return sum(SHARES[stage] * share for stage, share in self._shares.items()) / total

    @property
    def representatives(self) -> NDArray[np.int64] | None:
        """(c,) one row of each cluster."""
        return None if self.clusters is None else self.clusters.representatives

    @property
    def is_exact(self) -> bool:
        """Whether `nearest` compares every row."""
        return self._index is None or self.space.n <= SCAN_ROWS

    def start(self) -> None:
        """Take what is there; what is missing is made in the background."""
        missing = [stage for stage in self._shares if not self._take(stage)]
        if not missing:
            self.state = "ready"
            return
        try:
            files.write_request(self._folder, self.space, self._is_shown)
        except OSError as error:
            self._fail(f"{self._folder} cannot be written: {error}. Check the folder and the disk's space.")
            return
        self._process = BuildProcess(self._folder, self._matrix_path, self._hear)

    def close(self) -> None:
        """End the making; stages that are finished stay."""
        if self._process:
            self._process.close()

    def nearest(
        self, query: int | NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Up to k rows (r,), most alike first, and their likenesses (r,) in [−1, 1].

        `query` is a row of the pool, which is itself left out, or directions (m, d) of the space: the likeness is then
        that to the most alike of them. `allowed` (n,) bool: other rows are left out.
        """
        is_open = self._is_shown if allowed is None else self._is_shown & allowed
        if isinstance(query, int | np.integer):
            is_open = is_open.copy()
            is_open[query] = False
            query = self.space.directions(np.array([query], np.int64))
        if not self.is_exact:
            rows, likeness = self._indexed(query, k, is_open)
            if len(rows) == k:  # else too few of the open rows lie in the lists that were looked at
                return rows, likeness
        likeness = self.space.scan(query, lambda cosines: cosines.max(axis=1))
        rows = best_rows(likeness, is_open, k)
        return rows, likeness[rows]

    def near_duplicates(self, threshold: float, groups: NDArray[np.integer] | None = None) -> Pairs | None:
        """Pairs of rows with a likeness of `threshold` or more; None until the neighbours are there.

        `groups` (n,): rows of different groups, classes of proposals for example, are no pair.
        """
        if self.neighbour_rows is None or self.neighbour_likeness is None:
            return None
        return pairs_of(self.neighbour_rows, self.neighbour_likeness, threshold, groups)

    def unusual_order(self, k: int) -> NDArray[np.int64] | None:
        """Up to k rows, the least like their neighbours first; None until these are there."""
        return None if self.neighbour_likeness is None else unusual_order(self.neighbour_likeness, k)

    def tour_order(self, k: int) -> NDArray[np.int64] | None:
        """Up to k rows, one of each cluster in turn; None until there are clusters."""
        return None if self.clusters is None else tour_order(self.clusters, k, np.random.default_rng(TOUR_SEED))

    def _indexed(
        self, directions: NDArray[np.float32], k: int, is_open: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """`nearest` by the index: its candidates, compared exactly."""
        assert self._index is not None
        with self._index_lock:
            found = neighbours.search(self._index, direction_on_sphere(self.space, directions), k, is_open)
        likeness = self.space.cosines(found, directions).max(axis=1, initial=-1)
        order = np.lexsort((found, -likeness))[:k]
        return found[order], likeness[order]

    def _hear(self, message: dict[str, Any]) -> None:
        """A message of the making process, by its thread."""
        if "share" in message:
            self._shares[message["stage"]] = message["share"]
            return
        if "done" in message:
            self._take(message["done"])
        elif "problem" in message:
            self._fail(message["problem"])
        elif message["ended"] is not None:
            self._fail(message["ended"])
        elif self.problem is None:
            self.state = "ready"
        self.on_change()

    def _fail(self, problem: str) -> None:
        self.state, self.problem = "failed", problem

    def _take(self, stage: str) -> bool:
        """Reads a stage that has been made; False where it is not there, or damaged: it is removed then."""
        folder = self._folder
        if not (folder / stage).is_dir():
            return False
        try:
            self._read(stage)
        except (OSError, ValueError, RuntimeError):  # RuntimeError: faiss's, of a file that is no index
            files.remove_stage(folder, stage)
            return False
        self._shares[stage] = 1.0
        return True

    def _read(self, stage: str) -> None:
        folder, n = self._folder, self.space.n
        if stage == "clusters":
            names = ("labels", "representatives", "sizes")
            arrays = {name: np.array(files.load_array(folder, stage, name)) for name in names}
            files.check_rows(arrays["labels"], n)
            self.clusters = Clusters(**arrays)
        elif stage == "neighbours":
            rows, likeness = (files.load_array(folder, stage, name) for name in ("rows", "likeness"))
            files.check_rows(rows, n)
            files.check_rows(likeness, n)
            self.neighbour_rows, self.neighbour_likeness = rows, likeness
        elif stage == "layout":
            layout = files.load_array(folder, stage, "xy")
            files.check_rows(layout, n)
            self.layout = layout
        elif stage == "index" and n > SCAN_ROWS:  # a smaller pool's is for the making only
            self._index = neighbours.read_index(folder / stage / "index.faiss")
