"""Pairs of rows that are nearly the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pairs:
    """Row i's partners are partners[starts[i]:starts[i + 1]], ascending; starts (n + 1,) int64, partners (p,) int32.

    Every pair is there in both directions.
    """

    starts: NDArray[np.int64]
    partners: NDArray[np.int32]

    @property
    def n_pairs(self) -> int:
        return len(self.partners) // 2

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Distinct partners (k,) of the rows (m,), ascending; they may be among the rows themselves."""
        counts = self.starts[rows + 1] - self.starts[rows]
        before = np.cumsum(counts) - counts
        places = np.repeat(self.starts[rows] - before, counts) + np.arange(counts.sum())
        return np.unique(self.partners[places]).astype(np.int64)


def pairs_of(
    neighbour_rows: NDArray[np.int32],
    neighbour_likeness: NDArray[np.float32],
    threshold: float,
    groups: NDArray[np.integer] | None = None,
) -> Pairs:
    """Pairs with a likeness of `threshold` or more in a table of neighbours, both (n, k).

    `groups` (n,): rows of different groups, the classes of proposals for example, are no pair however alike.
    """
    n = len(neighbour_rows)
    first, place = np.nonzero(np.asarray(neighbour_likeness) >= threshold)  # NaN is not
    second = np.asarray(neighbour_rows)[first, place].astype(np.int64)
    if groups is not None:
        is_same = groups[first] == groups[second]
        first, second = first[is_same], second[is_same]
    both = np.unique(np.concatenate([first * n + second, second * n + first]))
    first, second = np.divmod(both, max(n, 1))
    starts = np.searchsorted(first, np.arange(n + 1)).astype(np.int64)
    return Pairs(starts, second.astype(np.int32))
