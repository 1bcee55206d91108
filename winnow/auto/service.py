"""Auto-accept on a session: draw an audit, judge its sample, let the head decide what it proved."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from winnow.auto.certificate import CONFIDENCE, smallest_audit
from winnow.auto.files import Audit, AuditFiles, Course
from winnow.auto.planning import LABEL_OF, SIDES, AutoError, Known, Side, Wish, plan_sides
from winnow.auto.reading import Decision, Reading, read_audit
from winnow.outcomes import Judged
from winnow.session import Session
from winnow.verdicts.auto_items import AutoItems
from winnow.verdicts.log import NewVerdict, Verdict

WAY = "random_audit"
RANDOM_WAYS = frozenset({WAY, "random"})


@dataclass(frozen=True)
class Offer:
    """What an audit of a side would begin with; audit None: it cannot prove the target with less than half of it."""

    side: Side
    candidates: int
    audit: int | None


@dataclass(frozen=True)
class Standing:
    """An audit, how far it was taken, what it says, and the event by which it was applied, if that stands."""

    audit: Audit
    course: Course
    reading: Reading
    applied: Verdict | None


def offers(session: Session, sides: tuple[Side, ...], target: float) -> list[Offer]:
    """What can be asked of the model as it is now."""
    wish = Wish(sides, target, None)
    _, probability = _candidates(session)
    is_accepted = probability >= 0.5
    counts = {"accept": int(is_accepted.sum()), "reject": int((~is_accepted).sum())}
    return [Offer(side, counts[side], smallest_audit(counts[side], target, wish.alpha)) for side in SIDES]


def draw_audit(session: Session, files: AuditFiles, wish: Wish) -> None:
    """Freeze the candidates and draw the sample; an earlier audit of this pool is given up.

    Raises:
        AutoError: there is no model, or an audit would prove nothing.
    """
    rows, probability = _candidates(session)
    number = files.next_number()
    rng = np.random.default_rng([session.settings.seed, number, session.ledger.last_seq])
    sides = plan_sides(wish, rows, probability, _known(session), rng)
    version = session.learner.learnt.snapshot.version
    files.write(Audit(number, session.pool.refs_path.name, version, wish.target, tuple(sides)), session.pool)


def standing(session: Session, files: AuditFiles) -> Standing | None:
    """The newest audit of the pool that is shown, None where there is none."""
    found = files.newest(session.pool)
    if found is None:
        return None
    audit, course = found
    codes, _ = session.standing()
    reading = read_audit(audit, course, codes, session.pool.ids, session.board.are_decided())
    with session.reading() as ledger:
        events = [event for event in ledger.auto_events() if (event.reason or "").startswith(_name(audit))]
    return Standing(audit, course, reading, events[-1] if events else None)


def judge(
    session: Session,
    audit: Audit,
    course: Course,
    item_id: str,
    label: int | None,
    *,
    key: str,
    annotator: str,
    elapsed_ms: int | None,
) -> Judged:
    """Record a verdict on an item of an audit's sample; as Session.judge.

    Raises:
        AutoError: the item is not of this audit's sample.
    """
    row = session.pool.row_of(item_id)
    for plan in audit.sides:
        places = plan.sample[plan.rows[plan.sample] == row]
        if len(places):
            break
    else:
        raise AutoError(f"Item {item_id!r} is not in the sample of audit {audit.number}. Reload the page.")
    item = session.pool.item(row)
    verdict = NewVerdict(
        key,
        item_id,
        label,
        annotator,
        item.path,
        item.box_xyxy,
        elapsed_ms=elapsed_ms,
        probability=float(plan.probability[places[0]]),
        model_version=audit.model_version,
        strategy=WAY,
        selection_probability=plan.looks[min(course.looks, len(plan.looks)) - 1].size / len(plan.rows),
        proposed_class=item.class_name,
        score=item.score,
        source=item.source,
    )
    return session.record_shown(verdict)


def go_on(files: AuditFiles, now: Standing, look: int) -> None:
    """Ask for look number `look`, as it was planned, or leave one out; asking twice is asking once.

    Raises:
        AutoError: no such look was planned, or the one under way is not complete.
    """
    most = max(len(plan.looks) for plan in now.audit.sides)
    if not 1 <= look <= most or (look > now.course.looks and not now.reading.is_complete):
        raise AutoError(f"Look {look} is not next: look {now.course.looks} of {most} is to be judged first.")
    files.write_course(now.audit.number, replace(now.course, looks=max(look, now.course.looks)))


def give_up(files: AuditFiles, now: Standing) -> None:
    """Leave an audit; what was judged stays."""
    files.write_course(now.audit.number, replace(now.course, is_closed=True))


def apply(session: Session, now: Standing, *, key: str, annotator: str) -> Verdict:
    """Let the head decide what the audit proved: one event, all or nothing; the same key again answers the same event.

    Raises:
        AutoError: nothing is proved, or it was applied before.
        DatabaseError: nothing was written.
    """
    decisions = [(side.side, side.decision) for side in now.reading.sides if side.decision]
    event = NewVerdict(
        key,
        "",
        None,
        annotator,
        "",
        model_version=now.audit.model_version,
        strategy="auto",
        kind="auto",
        reason=_reason(now.audit, decisions),
    )

    def items() -> AutoItems:
        if now.applied:
            raise AutoError(f"Audit {now.audit.number} was applied already. Take that back first, or start a new one.")
        if not decisions:
            raise AutoError(f"Audit {now.audit.number} proves nothing yet that the model could decide by itself.")
        return _items(session, decisions)

    return session.record_auto(event, items)


def _candidates(session: Session) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows (k,) that are shown and open, and the newest head's probability of each."""
    snapshot = session.learner.learnt.snapshot
    if snapshot.probability is None:
        raise AutoError("There is no model yet: it needs a positive and a negative verdict. Label a few more first.")
    rows = np.flatnonzero(session.shown & ~session.pool.is_duplicate & np.isfinite(snapshot.probability))
    rows = rows[session.board.are_open(rows)]
    return rows, snapshot.probability[rows]


def _known(session: Session) -> Known:
    """Random looks so far, each by a head that had not seen its label."""
    learnt = session.learner.learnt
    checked = learnt.snapshot.checked_probability
    with session.reading() as ledger:
        looks = [v for v in ledger.currents() if v.strategy in RANDOM_WAYS and v.label is not None]
    rows = session.pool.rows_of(np.array([int(verdict.item_id, 16) for verdict in looks], np.uint64))
    if checked is None or not len(learnt.labelled_rows):
        return Known(np.empty(0, np.float32), np.empty(0, np.int8))
    place_of = np.full(session.pool.n_rows, -1, np.int64)
    place_of[learnt.labelled_rows] = np.arange(len(learnt.labelled_rows))
    places = np.where(rows >= 0, place_of[rows], -1)
    is_known = (places >= 0) & np.isfinite(checked[places])
    labels = np.array([verdict.label for verdict in looks], np.int8)
    return Known(checked[places[is_known]], labels[is_known])


def _items(session: Session, decisions: list[tuple[Side, Decision]]) -> AutoItems:
    """The members, sides one after the other."""
    rows = np.concatenate([decision.rows for _, decision in decisions])
    items = [session.pool.item(row) for row in rows.tolist()]
    return AutoItems(
        ids=session.pool.ids[rows].astype(np.uint64),
        labels=np.concatenate([np.full(len(decision.rows), LABEL_OF[side], np.int8) for side, decision in decisions]),
        probability=np.concatenate([decision.probability for _, decision in decisions]),
        paths=[item.path for item in items],
        boxes_xyxy=session.pool.boxes_xyxy[rows],
        classes=[item.class_name for item in items],
        scores=session.pool.scores[rows],
        sources=[item.source for item in items],
    )


def _name(audit: Audit) -> str:
    return f"audit {audit.number}:"


def _reason(audit: Audit, decisions: list[tuple[Side, Decision]]) -> str:
    """What is claimed, in words that fit the log's column."""
    said = [
        f"{side} {len(one.rows)} with probability {'>=' if side == 'accept' else '<='} {one.threshold:.4g}, "
        f"at most {one.wrong_max} wrong"
        for side, one in decisions
    ]
    return f"{_name(audit)} {'; '.join(said)}; target {audit.target:g}, confidence {CONFIDENCE:g}"[:200]
