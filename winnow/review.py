"""Which current verdicts to look at again: newest first, or those the head doubts most."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.board import SKIPPED, UNJUDGED
from winnow.session import Session
from winnow.verdicts.log import Verdict

Label = Literal["all", "1", "0", "skip"]
Order = Literal["newest", "suspicious"]
_LABEL_CODES: dict[str, int] = {"1": 1, "0": 0, "skip": SKIPPED}


@dataclass(frozen=True)
class Reviewed:
    """A verdict beside what a head that did not see it says: P(label = 1) and its distance from the label."""

    row: int
    verdict: Verdict
    probability: float | None
    disagreement: float | None


@dataclass(frozen=True)
class ReviewWindow:
    total: int
    annotators: list[str]
    rows: list[Reviewed]


def review(session: Session, *, label: Label, annotator: str, order: Order, offset: int, limit: int) -> ReviewWindow:
    """The verdicts `offset` to `offset + limit` of those that pass the filters."""
    ledger = session.ledger
    codes, seqs = session.standing()
    rows = np.flatnonzero(codes != UNJUDGED if label == "all" else codes == _LABEL_CODES[label])
    if annotator:
        # Python's loop is fine here: annotators are few and the filter is rarely on.
        is_theirs = [ledger.verdict(int(seq)).annotator == annotator for seq in seqs[rows]]
        rows = rows[np.asarray(is_theirs, dtype=bool)]
    checked = _checked_probability(session)
    doubt = np.abs(codes[rows] - checked[rows])  # NaN where no head has judged it
    doubt[codes[rows] == SKIPPED] = np.nan
    newest = -seqs[rows]
    ranking = np.argsort(newest) if order == "newest" else np.lexsort((newest, -np.nan_to_num(doubt, nan=-1.0)))
    window = ranking[offset : offset + limit]
    reviewed = [
        Reviewed(row, ledger.verdict(int(seqs[row])), _or_none(checked[row]), _or_none(doubt[place]))
        for row, place in zip(rows[window].tolist(), window.tolist(), strict=True)
    ]
    return ReviewWindow(len(rows), ledger.annotators(), reviewed)


def _checked_probability(session: Session) -> NDArray[np.float32]:
    """(n,) P(label = 1) by a head that has not seen the row's own label; NaN where there is none."""
    learnt = session.learner.learnt
    snapshot = learnt.snapshot
    checked = np.full(session.pool.n_rows, np.nan, dtype=np.float32)
    if snapshot.probability is not None:
        checked[:] = snapshot.probability
        checked[learnt.labelled_rows] = np.nan if snapshot.checked_probability is None else snapshot.checked_probability
    return checked


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
