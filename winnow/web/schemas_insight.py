"""What goes over the wire between the Insight page and the server; the binary parts are in docs/insight.md."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from winnow.web.schemas import FromAttributes, ItemOut, ModelOut, ProgressOut

MOST_SELECTED = 40_000  # ids of a request that stays under a megabyte
MOST_ITEMS = 60
ItemId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", description="an item's id")]


class MapStatusOut(BaseModel):
    state: Annotated[
        Literal["off", "building", "ready", "failed"], Field(description="off: the setting `atlas` is false")
    ]
    progress: Annotated[str, Field(description="what is being made, or why there is nothing; empty when ready")]
    key: Annotated[int | None, Field(description="of the map there is; another one when its points are")]
    points: int
    clusters: int
    seq: Annotated[int, Field(description="the newest event; with the version it says whether the states are new")]
    model: ModelOut
    counts: ProgressOut


class MapItemsOut(BaseModel):
    items: Annotated[list[ItemOut], Field(description="in the order asked for, unknown ids left out")]


class SelectionIn(BaseModel):
    item_ids: Annotated[list[ItemId], Field(min_length=1, max_length=MOST_SELECTED)]


class SelectionOut(BaseModel):
    id: Annotated[
        str, Field(description="for GET /api/review?selection=…; kept until the server ends or 16 newer came")
    ]
    items: int


class CourseOut(FromAttributes):
    """How labelling went over time; docs/insight.md says what each figure is."""

    judged_minutes: list[float]
    judged: list[int]
    positive: list[int]
    speed_at: list[int]
    speed_s: list[float]
    agreement_at: list[int]
    with_oneself: list[float | None]
    between_people: list[float | None]
    error_at: list[int]
    brier_mean: list[float]
    error_rate: list[float]
