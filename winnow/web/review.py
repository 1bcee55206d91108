"""The review page's calls: verdicts that stand, newest or most suspicious first."""

from typing import Annotated

from fastapi import APIRouter, Query

from winnow.review import Label, Order, Reviewed, review
from winnow.session import Session
from winnow.web.deps import AnnotatorDep, SessionDep
from winnow.web.present import item_out, verdict_out
from winnow.web.schemas import ProgressOut, ReturnedOut, ReturnIn, ReviewOut, ReviewRow

router = APIRouter(prefix="/api", tags=["review"])


@router.get("/review")
def read_verdicts(
    session: SessionDep,
    label: Label = "all",
    annotator: Annotated[str, Query(max_length=64, description="empty = everyone")] = "",
    order: Annotated[Order, Query(description="suspicious: the head, not having seen the label, disagrees")] = "newest",
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> ReviewOut:
    """A window of the current verdicts."""
    window = review(session, label=label, annotator=annotator, order=order, offset=offset, limit=limit)
    rows = [_row(session, reviewed) for reviewed in window.rows]
    return ReviewOut(total=window.total, annotators=window.annotators, rows=rows)


@router.post("/skipped/return")
def return_skipped(body: ReturnIn, session: SessionDep, annotator: AnnotatorDep) -> ReturnedOut:
    """Bring every skipped item back into the queue."""
    returned = session.return_skipped(key=body.key, annotator=annotator)
    return ReturnedOut(returned=returned, progress=ProgressOut.model_validate(session.board.progress()))


def _row(session: Session, reviewed: Reviewed) -> ReviewRow:
    return ReviewRow(
        item=item_out(session, reviewed.row, strategy=reviewed.verdict.strategy, probability=reviewed.probability),
        verdict=verdict_out(reviewed.verdict),
        head_probability=reviewed.probability,
        disagreement=reviewed.disagreement,
    )
