"""Rounds and time: cases by round and annotator, as JSON and CSV."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from winnow.corrections.cases import MANUAL_MINUTES
from winnow.corrections.tally import as_csv, read_tally
from winnow.web.deps import SettingsDep
from winnow.web.schemas_rounds import RoundsOut

router = APIRouter(tags=["rounds"])
Minutes = Annotated[float, Query(ge=0, le=10_000, description="what an image takes by hand")]


@router.get("/api/rounds")
def read_rounds(settings: SettingsDep, manual_minutes: Minutes = MANUAL_MINUTES) -> RoundsOut:
    """What the reviews of each round came to, for all and for each annotator."""
    return RoundsOut.of(read_tally(settings, manual_minutes=manual_minutes))


@router.get("/export/rounds.csv", response_class=Response)
def download_rounds(settings: SettingsDep, manual_minutes: Minutes = MANUAL_MINUTES) -> Response:
    """The same, a line a row; docs/rounds.md has the columns."""
    headers = {"Content-Disposition": 'attachment; filename="rounds.csv"'}
    content = as_csv(read_tally(settings, manual_minutes=manual_minutes))
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
