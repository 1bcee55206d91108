"""The review page's calls: verdicts that stand, newest or most suspicious first."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from numpy.typing import NDArray

from winnow.errors import UnknownItem
from winnow.review import Label, Order, Reviewed, review
from winnow.session import Session
from winnow.web.deps import AnnotatorDep, SessionDep
from winnow.web.insight import Insight, InsightDep
from winnow.web.present import item_out, verdict_out
from winnow.web.schemas import ProgressOut, ReturnedOut, ReturnIn
from winnow.web.schemas_self_check import ReviewedOut, SecondLookRow
from winnow.web.self_check import SelfCheckDep

router = APIRouter(prefix="/api", tags=["review"])
_ORDERS = (
    "suspicious: the head, not having seen the label, disagrees; hasty: much quicker than usual, and the head "
    "disagrees; disagreed: second looks that said something else. The last two leave out all others"
)


class UnknownSelection(UnknownItem):
    """A selection that was never made, or is too old."""

    code = "unknown_selection"


@router.get("/review")
def read_verdicts(
    session: SessionDep,
    check: SelfCheckDep,
    insight: InsightDep,
    label: Label = "all",
    annotator: Annotated[str, Query(max_length=64, description="empty = everyone")] = "",
    order: Annotated[Order, Query(description=_ORDERS)] = "newest",
    selection: Annotated[str, Query(max_length=64, description="id of a selection made on a page; empty = all")] = "",
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> ReviewedOut:
    """A window of the current verdicts."""
    chosen = _chosen(insight, selection) if selection else None
    window = review(check, label=label, annotator=annotator, order=order, offset=offset, limit=limit, chosen=chosen)
    rows = [_row(session, reviewed) for reviewed in window.rows]
    return ReviewedOut(total=window.total, annotators=window.annotators, rows=rows)


@router.post("/skipped/return")
def return_skipped(body: ReturnIn, session: SessionDep, annotator: AnnotatorDep) -> ReturnedOut:
    """Bring every skipped item back into the queue."""
    returned = session.return_skipped(key=body.key, annotator=annotator)
    return ReturnedOut(returned=returned, progress=ProgressOut.model_validate(session.board.progress()))


def _chosen(insight: Insight, selection: str) -> NDArray[np.int64]:
    rows = insight.selected(selection)
    if rows is None:
        raise UnknownSelection(
            f"The selection {selection!r} is no longer kept. Select the items again on the Insight page."
        )
    return rows


def _row(session: Session, reviewed: Reviewed) -> SecondLookRow:
    return SecondLookRow(
        item=item_out(session, reviewed.row, strategy=reviewed.verdict.strategy, probability=reviewed.probability),
        verdict=verdict_out(reviewed.verdict),
        head_probability=reviewed.probability,
        disagreement=reviewed.disagreement,
        said_before=reviewed.said_before,
    )
