"""The label page's calls: the queue, verdicts, undo, metrics, strategy."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from winnow.learning.goals import GOALS, RANDOM_EVERY, strategy_of
from winnow.learning.strategies import STRATEGIES
from winnow.session import Session
from winnow.web.deps import AnnotatorDep, SessionDep
from winnow.web.present import DEFAULT_N, item_out, judged_out, queue_out, verdict_out
from winnow.web.schemas import (
    BatchIn,
    BatchOut,
    GoalChoice,
    GoalIn,
    GoalOut,
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


@router.post("/verdicts/batch", status_code=201, responses={200: {"model": BatchOut, "description": "known key"}})
def record_verdicts(
    body: BatchIn, response: Response, session: SessionDep, annotator: AnnotatorDep, n: QueueLength = DEFAULT_N
) -> BatchOut:
    """Record the labels that one press gave to many items, all or none; one undo takes all of them back."""
    labels = {item.item_id: item.label for item in body.items}
    judged = session.judge_many(labels, **body.model_dump(exclude={"items"}), annotator=annotator)
    response.status_code = 201 if judged.is_new else 200
    return BatchOut(
        verdict=verdict_out(judged.verdicts[-1]) if judged.verdicts else None,
        verdicts=len(judged.verdicts),
        left_out=len(labels) - len(judged.verdicts),
        progress=ProgressOut.model_validate(judged.progress),
        queue=queue_out(session, n),
    )


@router.post("/undo")
def take_back(body: UndoIn, session: SessionDep, annotator: AnnotatorDep, n: QueueLength = DEFAULT_N) -> UndoneOut:
    """Take back the annotator's newest live verdict."""
    taken = session.undo(key=body.key, annotator=annotator)
    queue = queue_out(session, n)
    row = taken.row if taken.verdict.kind == "verdict" else None  # a mark is on an image, not on an item
    item = None if row is None else item_out(session, row, strategy=taken.verdict.strategy)
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
    session.guidance.set_strategy(body.name)
    return _strategy_out(session)


@router.get("/goal")
def read_goal(session: SessionDep) -> GoalOut:
    return _goal_out(session)


@router.put("/goal")
def choose_goal(body: GoalIn, session: SessionDep) -> GoalOut:
    """Pursue another goal; in force when this answers."""
    session.guidance.set_goal(body.name)
    return _goal_out(session)


def strategy_choices() -> list[StrategyChoice]:
    return [StrategyChoice.model_validate(strategy) for strategy in STRATEGIES.values()]


def _strategy_out(session: Session) -> StrategyOut:
    return StrategyOut(name=strategy_of(session.guidance.plan).name, available=strategy_choices())


def goal_choices() -> list[GoalChoice]:
    return [GoalChoice.model_validate(goal) for goal in GOALS.values()]


def _goal_out(session: Session) -> GoalOut:
    return GoalOut(name=session.guidance.goal, available=goal_choices(), random_share=1 / RANDOM_EVERY)
