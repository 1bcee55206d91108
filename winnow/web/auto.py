"""The Auto page's calls: candidates, their audit, and the batch that the model decides."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from winnow.auto.certificate import CONFIDENCE
from winnow.auto.files import AuditFiles
from winnow.auto.planning import SIDES, Wish
from winnow.auto.reading import Decision, SideReading
from winnow.auto.service import Standing, apply, draw_audit, give_up, go_on, judge, offers, standing
from winnow.session import Session
from winnow.verdicts.log import AutoVerdict, Verdict
from winnow.web.deps import AnnotatorDep, SessionDep
from winnow.web.present import DEFAULT_N, item_out, judged_out
from winnow.web.schemas import JudgedOut, ProgressOut
from winnow.web.schemas_auto import (
    AppliedOut,
    ApplyIn,
    AuditOut,
    AuditVerdictIn,
    AutoOut,
    DecisionOut,
    LookIn,
    NextLookOut,
    OfferOut,
    Side,
    SideOut,
    Target,
    WishIn,
)

router = APIRouter(prefix="/api/auto", tags=["auto"])
ITEMS = 32
Number = Annotated[int, Path(ge=1, le=10**9, description="the audit's number")]


def get_files(request: Request) -> AuditFiles:
    return request.app.state.audits


FilesDep = Annotated[AuditFiles, Depends(get_files)]


@router.get("")
def read_auto(session: SessionDep, files: FilesDep) -> AutoOut:
    """The audit, what waits for a verdict, and what it proves."""
    return _auto_out(session, files)


@router.get("/offers")
def read_offers(
    session: SessionDep,
    target: Annotated[Target, Query()] = 0.98,
    sides: Annotated[list[Side], Query(max_length=2)] = list(SIDES),  # noqa: B006 (pydantic copies it)
) -> list[OfferOut]:
    """What each side holds and takes, where `sides` are asked for together."""
    return [OfferOut.model_validate(vars(offer)) for offer in offers(session, tuple(sides), target)]


@router.post("", status_code=201)
def draw(body: WishIn, session: SessionDep, files: FilesDep) -> AutoOut:
    """Freeze the candidates of the newest model and draw the sample; an earlier audit is given up."""
    draw_audit(session, files, Wish(tuple(dict.fromkeys(body.sides)), body.target, body.audit))
    return _auto_out(session, files)


@router.post("/{number}/verdicts", status_code=201, responses={200: {"model": JudgedOut, "description": "known key"}})
def record_audit_verdict(
    number: Number,
    body: AuditVerdictIn,
    response: Response,
    session: SessionDep,
    files: FilesDep,
    annotator: AnnotatorDep,
) -> JudgedOut:
    """Record a verdict on an item of the sample; as POST /api/verdicts."""
    audit, course = files.numbered(session.pool, number)
    judged = judge(session, audit, course, **body.model_dump(), annotator=annotator)
    response.status_code = 201 if judged.is_new else 200
    return judged_out(session, judged, DEFAULT_N)


@router.put("/{number}/look")
def ask_for_look(number: Number, body: LookIn, session: SessionDep, files: FilesDep) -> AutoOut:
    """Go on with the audit, as planned before its first verdict."""
    go_on(files, _numbered(session, files, number), body.look)
    return _auto_out(session, files)


@router.post("/{number}/apply")
def apply_audit(
    number: Number, body: ApplyIn, session: SessionDep, files: FilesDep, annotator: AnnotatorDep
) -> AutoOut:
    """Let the model decide what the audit proved: one event, which POST /api/undo takes back."""
    apply(session, _numbered(session, files, number), key=body.key, annotator=annotator)
    return _auto_out(session, files)


@router.delete("/{number}")
def leave_audit(number: Number, session: SessionDep, files: FilesDep) -> AutoOut:
    """Give the audit up; verdicts on its sample stay, and so does what it decided."""
    give_up(files, _numbered(session, files, number))
    return _auto_out(session, files)


def _numbered(session: Session, files: AuditFiles, number: int) -> Standing:
    files.numbered(session.pool, number)
    now = standing(session, files)
    assert now
    return now


def _auto_out(session: Session, files: AuditFiles) -> AutoOut:
    now = standing(session, files)
    progress = ProgressOut.model_validate(session.board.progress())
    return AutoOut(audit=_audit_out(session, now) if now else None, progress=progress)


def _audit_out(session: Session, now: Standing) -> AuditOut:
    unjudged = now.reading.unjudged
    return AuditOut(
        number=now.audit.number,
        target=now.audit.target,
        confidence=CONFIDENCE,
        model_version=now.audit.model_version,
        is_complete=now.reading.is_complete,
        can_go_on=now.reading.is_complete and any(side.next_look for side in now.reading.sides),
        sides=[_side_out(side) for side in now.reading.sides],
        items=[item_out(session, row, strategy="random_audit") for row in unjudged[:ITEMS].tolist()],
        left=len(unjudged),
        applied=_applied_out(now.applied) if now.applied else None,
    )


def _side_out(side: SideReading) -> SideOut:
    decision, next_look = side.decision, side.next_look
    return SideOut(
        side=side.side,
        candidates=side.candidates,
        threshold=side.threshold,
        look=side.look,
        looks=side.looks,
        size=side.size,
        judged=side.judged,
        wrong=side.wrong,
        decision=_decision_out(decision, side.is_widest) if decision else None,
        next_look=NextLookOut.model_validate(vars(next_look)) if next_look else None,
    )


def _decision_out(decision: Decision, is_widest: bool) -> DecisionOut:
    return DecisionOut(
        items=len(decision.rows), threshold=decision.threshold, wrong_max=decision.wrong_max, is_widest=is_widest
    )


def _applied_out(event: Verdict) -> AppliedOut:
    assert isinstance(event, AutoVerdict)
    assert event.items
    positive = int((event.items.labels == 1).sum())
    return AppliedOut(
        seq=event.seq,
        positive=positive,
        negative=len(event.items) - positive,
        annotator=event.annotator,
        created_at=event.created_at,
        reason=event.reason or "",
    )
