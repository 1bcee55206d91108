"""From the session's rows and verdicts to what goes over the wire."""

from winnow.learning.goals import strategy_of
from winnow.outcomes import Judged, QueueView
from winnow.pool import context_view
from winnow.session import Session
from winnow.verdicts.log import Verdict
from winnow.web.media import DEFAULT_SIZE
from winnow.web.schemas import ItemOut, JudgedOut, MetricsPointOut, ModelOut, ProgressOut, QueueOut, VerdictOut

DEFAULT_N = 12


def item_out(
    session: Session, row: int, *, strategy: str, probability: float | None = None, rank: int | None = None
) -> ItemOut:
    item = session.pool.item(row)
    url = f"/media/items/{item.id}?size={DEFAULT_SIZE}&view="
    box = item.box_xyxy
    return ItemOut(
        id=item.id,
        index=row,
        path=item.path,
        image_url=f"{url}image",
        crop_url=f"{url}context" if box else f"{url}image",
        box_xyxy=box,
        view_xyxy=context_view(box, session.settings.context) if box else None,
        class_name=item.class_name,
        score=item.score,
        probability=probability,
        strategy=strategy,
        rank=rank,
    )


def queue_out(session: Session, n: int) -> QueueOut:
    view = session.queue(n)
    guidance = session.guidance
    return QueueOut(
        items=[
            item_out(session, row, strategy=way, probability=view.probability(row), rank=rank)
            for rank, (row, way) in enumerate(zip(view.rows.tolist(), view.ways, strict=True))
        ],
        progress=ProgressOut.model_validate(view.progress),
        model=model_out(view),
        strategy=strategy_of(guidance.plan).name,
        goal=guidance.goal,
        is_blind=guidance.is_blind,
    )


def model_out(view: QueueView) -> ModelOut:
    return ModelOut(version=view.snapshot.version, labels=view.snapshot.n_labels, state=view.state)  # type: ignore[arg-type]


def verdict_out(verdict: Verdict) -> VerdictOut:
    return VerdictOut.model_validate(verdict)


def judged_out(session: Session, judged: Judged, n: int) -> JudgedOut:
    """What a press led to, and the `n` items that come next."""
    return JudgedOut(
        verdict=verdict_out(judged.verdict),
        progress=ProgressOut.model_validate(judged.progress),
        metrics=None if judged.metrics is None else MetricsPointOut.model_validate(judged.metrics),
        queue=queue_out(session, n),
    )
