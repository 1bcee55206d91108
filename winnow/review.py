"""Which current verdicts to look at again: the newest, those the head doubts, hasty ones, second looks that differ."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.board import SKIPPED, UNJUDGED
from winnow.self_check import SelfCheck, checked_probability
from winnow.verdicts.log import Verdict

Label = Literal["all", "1", "0", "skip"]
Order = Literal["newest", "suspicious", "hasty", "disagreed"]
_LABEL_CODES: dict[str, int] = {"1": 1, "0": 0, "skip": SKIPPED}


@dataclass(frozen=True)
class Reviewed:
    """A verdict beside what a head that did not see it says: P(label = 1) and its distance from the label.

    said_before is the label that this verdict, a second look, did not agree with; None for any other verdict.
    """

    row: int
    verdict: Verdict
    probability: float | None
    disagreement: float | None
    said_before: int | None


@dataclass(frozen=True)
class ReviewWindow:
    total: int
    annotators: list[str]
    rows: list[Reviewed]


def review(
    check: SelfCheck,
    *,
    label: Label,
    annotator: str,
    order: Order,
    offset: int,
    limit: int,
    chosen: NDArray[np.int64] | None = None,
) -> ReviewWindow:
    """The verdicts `offset` to `offset + limit` of those that pass the filters; chosen (k,) rows, None = all."""
    session = check.session
    codes, seqs = session.standing()
    rows = np.flatnonzero(codes != UNJUDGED if label == "all" else codes == _LABEL_CODES[label])
    if chosen is not None:
        rows = rows[np.isin(rows, chosen)]
    disagreed = check.disagreed()
    if order == "hasty":
        rows = rows[np.isin(rows, check.hasty_rows())]
    elif order == "disagreed":
        rows = rows[np.isin(rows, np.array(list(disagreed), np.int64))]
    verdict_of = session.ledger.verdict
    if annotator:
        # Python's loop is fine here: annotators are few and the filter is rarely on.
        is_theirs = [verdict_of(int(seq)).annotator == annotator for seq in seqs[rows]]
        rows = rows[np.asarray(is_theirs, dtype=bool)]
    checked = checked_probability(session)[rows]
    doubt = np.abs(codes[rows] - checked)  # NaN where no head has judged it
    doubt[codes[rows] == SKIPPED] = np.nan
    window = _ranking(order, doubt, seqs[rows])[offset : offset + limit]
    reviewed = [
        Reviewed(row, verdict_of(int(seqs[row])), _or_none(checked[place]), _or_none(doubt[place]), disagreed.get(row))
        for row, place in zip(rows[window].tolist(), window.tolist(), strict=True)
    ]
    return ReviewWindow(len(rows), session.ledger.annotators(), reviewed)


def _ranking(order: Order, doubt: NDArray[np.float32], seqs: NDArray[np.int64]) -> NDArray[np.int64]:
    """(k,) places, first to be shown first; doubt (k,), seqs (k,) of the verdicts."""
    if order in ("newest", "disagreed"):
        return np.argsort(-seqs)
    return np.lexsort((-seqs, -np.nan_to_num(doubt, nan=-1.0)))


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
