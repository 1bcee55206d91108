"""The label page's calls: the queue, verdicts, undo, metrics, strategy."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from winnow.learning.strategies import STRATEGIES
from winnow.session import Session
from winnow.web.deps import AnnotatorDep, SessionDep
from winnow.web.present import DEFAULT_N, item_out, judged_out, queue_out, verdict_out
from winnow.web.schemas import (
    JudgedOut,
    MetricsOut,
    MetricsPointOut,
    ProgressOut,
    QueueOut,
    StrategyChoice,
    StrategyIn,
    StrategyOut,
    UndoIn,
    UndoneOut,
    VerdictIn,
)

router = APIRouter(prefix="/api", tags=["label"])
QueueLength = Annotated[int, Query(ge=1, le=200, description="how many items")]


@router.get("/queue")
def read_queue(session: SessionDep, n: QueueLength = DEFAULT_N) -> QueueOut:
    """The items worth judging next, best first."""
    return queue_out(session, n)


@router.post("/verdicts", status_code=201, responses={200: {"model": JudgedOut, "description": "known key"}})
def record_verdict(
    body: VerdictIn, response: Response, session: SessionDep, annotator: AnnotatorDep, n: QueueLength = DEFAULT_N
) -> JudgedOut:
    """Record a verdict; answered once it is on disk. The same key again answers the same verdict."""
    judged = session.judge(**body.model_dump(), annotator=annotator)
    response.status_code = 201 if judged.is_new else 200
    return judged_out(session, judged, n)


@router.post("/undo")
def take_back(body: UndoIn, session: SessionDep, annotator: AnnotatorDep, n: QueueLength = DEFAULT_N) -> UndoneOut:
    """Take back the annotator's newest live verdict."""
    taken = session.undo(key=body.key, annotator=annotator)
    queue = queue_out(session, n)
    row = taken.row if taken.verdict.kind == "verdict" else None  # a mark is on an image, not on an item
    item = None if row is None else item_out(session, row, strategy=queue.strategy)
    return UndoneOut(
        verdict=verdict_out(taken.verdict),
        item=item,
        progress=ProgressOut.model_validate(taken.progress),
        queue=queue,
    )


@router.get("/metrics")
def read_metrics(session: SessionDep) -> MetricsOut:
    """The prequential series: every verdict is a test of the probability that was shown."""
    return MetricsOut(points=[MetricsPointOut.model_validate(point) for point in session.points()])


@router.get("/strategy")
def read_strategy(session: SessionDep) -> StrategyOut:
    return _strategy_out(session)


@router.put("/strategy")
def choose_strategy(body: StrategyIn, session: SessionDep) -> StrategyOut:
    """Switch the order of the queue; in force when this answers."""
    session.set_strategy(body.name)
    return _strategy_out(session)


def strategy_choices() -> list[StrategyChoice]:
    return [StrategyChoice.model_validate(strategy) for strategy in STRATEGIES.values()]


def _strategy_out(session: Session) -> StrategyOut:
    return StrategyOut(name=session.learner.strategy, available=strategy_choices())
