"""A refs file's proposals by image: what of an image is still to be judged, as that refs file has it."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from winnow.pool import Pool
from winnow.training.regions import NO_CLASS, Region


class Listing:
    """One pool of the project, by image.

    Args:
        covered: (n,) bool, rows that stand for the same region as a row that is shown: they need no verdict.
        is_whole: whether all that was proposed on an image is in it; a list of single mistakes is not.
    """

    def __init__(self, pool: Pool, covered: NDArray[np.bool_] | None = None, *, is_whole: bool = True) -> None:
        self.pool, self.is_whole = pool, is_whole
        self._covered = covered

    def covering(self, covered: NDArray[np.bool_]) -> "Listing":
        """The same with other rows covered, its look-ups shared."""
        other = Listing(self.pool, covered, is_whole=self.is_whole)
        other.__dict__.update({name: self.__dict__[name] for name in ("code_of", "by_path") if name in self.__dict__})
        return other

    @cached_property
    def code_of(self) -> dict[str, int]:
        """Image path -> its number, in the order of the refs."""
        return {self.pool.paths[code]: code for code in range(len(self.pool.paths))}

    @cached_property
    def by_path(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(n,) rows ordered by image, and (k + 1,) where each image's begin."""
        order = np.argsort(self.pool.path_codes, kind="stable")
        return order, np.searchsorted(self.pool.path_codes[order], np.arange(len(self.pool.paths) + 1))

    def rows_of(self, path: str) -> NDArray[np.int64]:
        code = self.code_of.get(path)
        if code is None:
            return np.empty(0, np.int64)
        order, starts = self.by_path
        return order[starts[code] : starts[code + 1]]

    def regions(self, path: str) -> dict[str, Region]:
        """By item id, the boxes on an image that need a verdict of their own."""
        regions = {}
        for row in self.rows_of(path).tolist():
            item = self.pool.item(row)
            is_covered = self._covered is not None and self._covered[row]
            if item.box_xyxy is not None and not self.pool.is_duplicate[row] and not is_covered:
                name = item.class_name or NO_CLASS
                regions[item.id] = Region(item.id, item.box_xyxy, name, item.score, 0, item.class_name)
        return regions

    def group_of(self, path: str) -> str | None:
        rows = self.rows_of(path)
        return self.pool.groups.get(int(self.pool.group_codes[rows[0]])) if len(rows) else None
