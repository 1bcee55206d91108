"""The calls about likeness: look-alikes of an item, exemplars, near-duplicates."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query

from winnow.learning.step import Snapshot
from winnow.likeness import Alike, Wanted, exemplars, near_duplicates_state, neighbours, set_aside_count
from winnow.session import Session
from winnow.web.deps import SessionDep
from winnow.web.present import item_out
from winnow.web.schemas_neighbours import (
    AlikeOut,
    ExemplarsOut,
    NearDuplicatesIn,
    NearDuplicatesOut,
    NeighboursOut,
)

router = APIRouter(prefix="/api", tags=["neighbours"])
ItemId = Annotated[str, Path(max_length=64)]


@router.get("/items/{item_id}/neighbours")
def read_neighbours(
    session: SessionDep,
    item_id: ItemId,
    n: Annotated[int, Query(ge=1, le=200, description="how many items")] = 24,
    label: Annotated[Wanted, Query(description="open: without a verdict; any; 1 or 0: with this label")] = "open",
) -> NeighboursOut:
    """The items most like this one, nearest first; by default those that are still to be judged."""
    alike = neighbours(session, item_id, n, label)
    snapshot = session.learner.learnt.snapshot
    items = _items_out(session, alike, snapshot, "sweep")
    return NeighboursOut(items=items, version=snapshot.version, is_exact=alike.is_exact)


@router.get("/items/{item_id}/exemplars")
def read_exemplars(
    session: SessionDep,
    item_id: ItemId,
    n: Annotated[int, Query(ge=1, le=50, description="how many of each")] = 3,
) -> ExemplarsOut:
    """The accepted and the rejected items most like this one: what was said of such before."""
    accepted, rejected = exemplars(session, item_id, n)
    snapshot = session.learner.learnt.snapshot
    return ExemplarsOut(
        accepted=_items_out(session, accepted, snapshot, "exemplar"),
        rejected=_items_out(session, rejected, snapshot, "exemplar"),
    )


@router.get("/near-duplicates")
def read_near_duplicates(session: SessionDep) -> NearDuplicatesOut:
    """Whether near-duplicates of labelled items are shown, and how many are set aside."""
    return _near_duplicates_out(session)


@router.put("/near-duplicates")
def choose_near_duplicates(body: NearDuplicatesIn, session: SessionDep) -> NearDuplicatesOut:
    """Show near-duplicates like all other items, or set them aside; in force with the next queue."""
    session.guidance.show_near_duplicates(body.is_shown)
    return _near_duplicates_out(session)


def _items_out(session: Session, alike: Alike, snapshot: Snapshot, way: str) -> list[AlikeOut]:
    known = snapshot.probability
    found = zip(alike.rows.tolist(), alike.likeness.tolist(), strict=True)
    return [
        _alike_out(session, row, likeness, None if known is None else float(known[row]), way) for row, likeness in found
    ]


def _alike_out(session: Session, row: int, likeness: float, probability: float | None, way: str) -> AlikeOut:
    p = probability if probability is not None and np.isfinite(probability) else None
    item = item_out(session, row, strategy=way, probability=p)
    return AlikeOut(**item.model_dump(), likeness=likeness)


def _near_duplicates_out(session: Session) -> NearDuplicatesOut:
    guidance = session.guidance
    return NearDuplicatesOut(
        is_shown=guidance.are_near_duplicates_shown,
        set_aside=set_aside_count(session),
        likeness=session.settings.near_duplicate,
        state=near_duplicates_state(session),
    )
