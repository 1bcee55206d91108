"""The recall meter's calls: what is found, what is left, when to stop."""

from typing import Annotated

from fastapi import APIRouter, Depends

from winnow.errors import NotReady
from winnow.meter.meter import Meter
from winnow.web.deps import LoaderDep, SessionDep
from winnow.web.schemas_recall import RecallOut, TargetIn

router = APIRouter(prefix="/api", tags=["recall"])
WAIT_S = 2.0


def get_meter(session: SessionDep, loader: LoaderDep) -> Meter:
    """The meter of the open session; raises NotReady while there is none."""
    if loader.meter is None:
        raise NotReady("Another pool is being opened. Try again in a moment.")
    return loader.meter


MeterDep = Annotated[Meter, Depends(get_meter)]


@router.get("/recall")
def read_recall(meter: MeterDep) -> RecallOut:
    """How much is found, as of the newest verdict, or of the newest that could be worked out in time."""
    reading = meter.reading(timeout_s=WAIT_S)
    if reading is None:
        raise NotReady("The verdicts are being read. Try again in a moment.")
    return RecallOut.model_validate(reading)


@router.put("/recall")
def set_target(body: TargetIn, meter: MeterDep) -> RecallOut:
    """Work towards another share of the positives, now and after a restart."""
    meter.set_target(body.target)
    return read_recall(meter)
