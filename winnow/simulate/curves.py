"""What a run of verdicts came to: found by then, verdicts to a share of the positives, work saved."""

import math

import numpy as np
from numpy.typing import NDArray

SHARES = (0.5, 0.8, 0.9, 0.95)
SAVED_AT = 0.95  # the recall at which work saved is measured


def found_after(rows: NDArray[np.int64], truth: NDArray[np.int8]) -> NDArray[np.int64]:
    """(k + 1,) how many different positives were found after 0 … k verdicts on rows (k,); truth (n,) int8."""
    is_new = np.zeros(len(rows), bool)
    is_new[np.unique(rows, return_index=True)[1]] = True  # a row that comes a second time finds nothing
    return np.concatenate([[0], np.cumsum(is_new & (truth[rows] == 1))])


def verdicts_to(found: NDArray[np.int64], positives: int, share: float) -> int | None:
    """The fewest verdicts after which that share of the positives was found, None where they did not get there."""
    wanted = math.ceil(share * positives - 1e-9)  # 0.95 of 20 is 19, whatever the last bit says
    reached = np.flatnonzero(found >= wanted)
    return int(reached[0]) if len(reached) else None


def work_saved(verdicts: int, n_items: int, recall: float = SAVED_AT) -> float:
    """Work saved over sampling: the share of items nobody looked at, less what random order would have spared.

    WSS of Cohen, Hersh, Peterson & Yen (2006): (N − verdicts) / N − (1 − recall), at the verdicts to that recall.
    """
    return (n_items - verdicts) / n_items - (1 - recall)


def accuracy(
    probability: NDArray[np.float32] | None, truth: NDArray[np.int8], is_known: NDArray[np.bool_]
) -> tuple[float, float]:
    """Share of rows that would have the right label, were the head to decide the rest now.

    probability (m,), truth (m,) int8 and is_known (m,) bool of the same rows, known being those with a verdict; None
    before there is a head. Answers it of all rows, verdicts counting as right and the rest as negative without a
    head, and of the rows without a verdict by the head alone, NaN where there is no head or no such row.
    """
    said = np.zeros(len(truth), bool) if probability is None else probability >= 0.5
    is_right = said == (truth == 1)
    of_head = float(is_right[~is_known].mean()) if probability is not None and not is_known.all() else math.nan
    return float((is_right | is_known).mean()), of_head


def stopped_at(bound: NDArray[np.float64], target: float) -> int | None:
    """The fewest verdicts after which the recall meter says that the target is reached; bound is (k + 1,)."""
    reached = np.flatnonzero(bound >= target)
    return int(reached[0]) if len(reached) else None
