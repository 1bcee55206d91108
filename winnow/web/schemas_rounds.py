"""What the calls about rounds and time, and about the results folder, take and answer."""

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from winnow.corrections.cases import CaseFigures
from winnow.corrections.tally import Row, Tally
from winnow.web.schemas_jobs import JobOut

Share = Annotated[float, Field(ge=0, le=1)]


class CaseFiguresOut(BaseModel):
    """docs/rounds.md has the meanings; null where there is nothing to make the figure of."""

    cases: int
    accepted: int
    refined: int
    rejected: int
    acceptance_rate: Share | None
    timed: Annotated[int, Field(description="cases whose time is known; seconds and hours are of these alone")]
    untimed: int
    seconds_total: float
    seconds_median: float | None
    seconds_mean: float | None
    hours_saved: Annotated[float | None, Field(description="negative where reviewing took longer than by hand")]
    box_iou: Share | None
    box_pairs: int
    mask_iou: Share | None
    mask_pairs: int

    @classmethod
    def of(cls, figures: CaseFigures) -> "CaseFiguresOut":
        return cls(**asdict(figures))


class RoundRowOut(CaseFiguresOut):
    round: Annotated[int | None, Field(description="the model version that ended it; null = it goes on")]
    annotator: Annotated[str | None, Field(description="null = all together")]
    first_event: int
    last_event: int

    @classmethod
    def of_row(cls, row: Row) -> "RoundRowOut":
        values = asdict(row)
        return cls(**values.pop("figures"), **values)


class RoundsOut(BaseModel):
    manual_minutes: float
    rows: Annotated[list[RoundRowOut], Field(description="by round, oldest first: all together, then each annotator")]
    total: Annotated[CaseFiguresOut, Field(description="all rounds; an image counts once a round")]
    problems: list[str]

    @classmethod
    def of(cls, tally: Tally) -> "RoundsOut":
        return cls(
            manual_minutes=tally.manual_minutes,
            rows=[RoundRowOut.of_row(row) for row in tally.rows],
            total=CaseFiguresOut.of(tally.total),
            problems=list(tally.problems),
        )


class ResultsFolderIn(BaseModel):
    masks: Annotated[
        Literal["png", "npy", "rle"], Field(description="files of their own, or run lengths in the record")
    ] = "png"
    overlays: bool = True


class ResultsFolderOut(BaseModel):
    folder: str
    job: JobOut
