"""What is like an item: the nearest open ones, and the nearest that were accepted or rejected."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from winnow.learning.labels import Labels
from winnow.session import Session

Wanted = Literal["open", "any", "1", "0"]
BLOCK_ROWS = 8192  # of labelled rows compared at once


@dataclass(frozen=True)
class Alike:
    """Rows (k,) int64, most alike first, and their likeness (k,) float32: the cosine in the feature space.

    `is_exact` is False where an index chose the rows: one that is as near may be missing.
    """

    rows: NDArray[np.int64]
    likeness: NDArray[np.float32]
    is_exact: bool = True


def neighbours(session: Session, item_id: str, n: int, wanted: Wanted = "open") -> Alike:
    """Up to n items most like this one, itself aside: the open ones, all that are shown, or those with a label.

    What the queue leaves out is left out here too: repeated lines, what the filter holds back, unreadable images, and
    near-duplicates of labelled items while they are set aside. An item without usable features is like none.

    Raises:
        UnknownItem: the pool has no such item.
    """
    row = session.pool.row_of(item_id)
    labels = _labels(session)
    if wanted in ("1", "0"):
        return _nearest_of(session, row, labels.rows[labels.values == int(wanted)], n)
    allowed = session.shown & ~session.pool.is_duplicate
    allowed[labels.unreadable] = allowed[row] = False
    if wanted == "open":
        for rows in (labels.rows, labels.skipped, labels.set_aside, labels.auto):
            allowed[rows] = False
    return _nearest(session, row, allowed, n)


def exemplars(session: Session, item_id: str, n: int) -> tuple[Alike, Alike]:
    """The up to n accepted and the up to n rejected items that are most like this one; raises UnknownItem."""
    row = session.pool.row_of(item_id)
    labels = _labels(session)
    accepted, rejected = (_nearest_of(session, row, labels.rows[labels.values == label], n) for label in (1, 0))
    return accepted, rejected


def near_duplicates_state(session: Session) -> Literal["off", "building", "ready"]:
    """Whether it is known which items are near-duplicates.

    Off where the settings want none or no atlas, where that could not be made, and in a pool of proposals with scores,
    which overlap.
    """
    atlas = session.guidance.atlas
    if session.guidance.knows_near_duplicates:
        return "ready"
    is_proposals = not np.isnan(session.pool.scores).all()
    is_off = atlas is None or atlas.state == "failed" or not session.settings.near_duplicate or is_proposals
    return "off" if is_off else "building"


def set_aside_count(session: Session) -> int:
    """How many items that the filter lets through are near-duplicates of labelled ones, and therefore not shown."""
    return int(session.shown[_labels(session).set_aside].sum())


def _labels(session: Session) -> Labels:
    with session.reading():
        return session.board.labels(0)


def _nearest(session: Session, row: int, allowed: NDArray[np.bool_], n: int) -> Alike:
    """The nearest of the allowed rows (n,) bool, by the atlas where the pool has one."""
    space, atlas = session.space, session.guidance.atlas
    if not space.is_usable[row]:
        return Alike(np.empty(0, np.int64), np.empty(0, np.float32))
    if atlas is not None:
        rows, likeness = atlas.nearest(row, n, allowed)
        return Alike(rows, likeness, atlas.is_exact)
    direction = space.directions(np.array([row], np.int64))
    everywhere = space.scan(direction, lambda cosines: cosines[:, 0])
    rows = np.flatnonzero(allowed & space.is_usable)
    if len(rows) > n:
        rows = rows[np.argpartition(-everywhere[rows], n - 1)[:n]]
    return _best(rows, everywhere[rows], n)


def _nearest_of(session: Session, row: int, rows: NDArray[np.int64], n: int) -> Alike:
    """The nearest among a few rows (k,), such as those with a label; exact."""
    space = session.space
    rows = rows[space.is_usable[rows] & (rows != row)] if space.is_usable[row] else rows[:0]
    direction = space.directions(np.array([row], np.int64))
    blocks = [rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS)]
    likeness = [space.cosines(block, direction)[:, 0] for block in blocks]
    return _best(rows, np.concatenate([np.empty(0, np.float32), *likeness]), n)


def _best(rows: NDArray[np.int64], likeness: NDArray[np.float32], n: int) -> Alike:
    order = np.lexsort((rows, -likeness))[:n]
    return Alike(rows[order], likeness[order])
