"""The self-check's calls: how far people agree with themselves and with each other."""

import threading
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from winnow.self_check import Agreement, SelfCheck
from winnow.session import Session
from winnow.web.deps import AnnotatorDep, SessionDep
from winnow.web.schemas_self_check import AgreementOut, IntervalOut, SelfCheckOut

router = APIRouter(prefix="/api", tags=["self_check"])


class SelfCheckOf:
    """The self-check of the session that is open, made when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._check: SelfCheck | None = None

    def session(self, session: Session) -> SelfCheck:
        with self._lock:
            if self._check is None or self._check.session is not session:
                self._check = SelfCheck(session)
            return self._check


def get_self_check(request: Request, session: SessionDep) -> SelfCheck:
    return request.app.state.self_check.session(session)


SelfCheckDep = Annotated[SelfCheck, Depends(get_self_check)]


@router.get("/self-check")
def read_self_check(check: SelfCheckDep, annotator: AnnotatorDep) -> SelfCheckOut:
    """What second looks said, and how many verdicts came hastily."""
    return SelfCheckOut(
        **_out(check.agreement("own", annotator)).model_dump(),
        bulk=_out(check.agreement("bulk")),
        between=_out(check.agreement("between")),
        hasty=len(check.hasty_rows(annotator)),
        hasty_below_ms=check.hasty_below_ms(annotator),
        share=check.session.settings.repeat_share,
    )


def _out(agreement: Agreement) -> AgreementOut:
    low_high = agreement.interval
    interval = IntervalOut(low=low_high[0], high=low_high[1]) if low_high else None
    return AgreementOut(repeats=agreement.repeats, agreed=agreement.agreed, agreement=interval)
