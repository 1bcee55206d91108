"""What the results and the correct page are told and send: predicted images, what stands on them, reviews."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt, model_validator

from winnow.web.presence import Page
from winnow.web.schemas import Box, ClassName, ClientKey, FromAttributes

MOST_OBJECTS = 10_000
Status = Literal["open", "ok", "corrected", "rejected"]
Place = Literal["accepted", "rejected", "to_correct", "unreviewed"]
Show = Literal["all", "open", "ok", "corrected", "rejected"]
ItemIdIn = Annotated[str, Field(max_length=64)]
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


class RleOut(BaseModel):
    """A mask in COCO's compressed form."""

    size: tuple[int, int]
    counts: str


class RleIn(BaseModel):
    size: Annotated[list[StrictInt], Field(min_length=2, max_length=2, description="height, width")]
    counts: str | list[StrictInt]


class ResultRow(FromAttributes):
    item_id: Annotated[str, Field(description="any item on the image")]
    path: str
    status: Status
    n_objects: Annotated[int, Field(description="proposals of the class with at least the score asked for")]
    score_mean: float | None
    score_min: float | None


class ResultsOut(BaseModel):
    total: Annotated[int, Field(description="images that pass the filter")]
    counts: Annotated[dict[Show, int], Field(description="images of each status that pass class and score")]
    classes: list[str]
    seq: Annotated[int, Field(description="the log's newest event; hand it back as `since` to keep the list as it is")]
    place: Annotated[int | None, Field(description="of the image of `item_id` among those that pass")]
    images: list[ResultRow]


class ObjectOut(FromAttributes):
    item_id: str
    box_xyxy: Box
    class_name: str
    claimed: Annotated[str | None, Field(description="the class it was proposed as")]
    score: float | None
    source: str | None
    mask: RleOut | None
    area_px: Annotated[int, Field(description="of the mask, else of the box")]
    share: Annotated[float | None, Field(description="of the image's area, 0 to 1")]
    stability: Annotated[float | None, Field(description="SAM's stability score of the mask, where it is known")]
    place: Place
    replaces: str | None


class ImageMetrics(FromAttributes):
    n_objects: int
    n_by_class: dict[str, int]
    score_mean: float | None
    score_min: float | None
    covered_share: Annotated[float | None, Field(description="of the image's pixels that lie in an object, 0 to 1")]
    uncertainty: Annotated[float, Field(description="of the prediction, 0 to 1, as the ranking of images has it")]


class ImageResult(FromAttributes):
    item_id: str
    image_id: str
    path: str
    image_url: Annotated[str, Field(description="the whole image, no box drawn")]
    width: Annotated[int | None, Field(description="pixels; null when the file cannot be read")]
    height: int | None
    status: Status
    seq: Annotated[int, Field(description="the newest event on the image; send it as based_on")]
    size_px: int | None
    objects: Annotated[list[ObjectOut], Field(description="what counts now, or is still open")]
    removed: Annotated[list[ObjectOut], Field(description="rejected, replaced, or background since the review")]
    prediction: Annotated[list[ObjectOut], Field(description="all as it was proposed")]
    metrics: ImageMetrics
    problem: Annotated[str | None, Field(description="why the prediction cannot be accepted: unreadable, or replaced")]


class DrawnIn(BaseModel):
    box_xyxy: tuple[Coordinate, Coordinate, Coordinate, Coordinate]
    class_name: ClassName
    mask: RleIn | None = None
    replaces: ItemIdIn | None = None


class ImageReviewIn(BaseModel):
    key: ClientKey
    outcome: Literal["accept", "reject", "correct"]
    kept: Annotated[list[ItemIdIn], Field(max_length=MOST_OBJECTS, description="items that stand as they are")] = []
    drawn: Annotated[list[DrawnIn], Field(max_length=MOST_OBJECTS, description="new or changed objects")] = []
    deleted: Annotated[list[ItemIdIn], Field(max_length=MOST_OBJECTS, description="items that are none")] = []
    elapsed_ms: Annotated[StrictInt | None, Field(ge=0, le=2**31 - 1)] = None
    based_on: Annotated[StrictInt | None, Field(ge=0, description="seq of the image as it was seen; null = any")] = None

    @model_validator(mode="after")
    def _changes_only_what_is_corrected(self) -> "ImageReviewIn":
        if self.outcome != "correct" and (self.drawn or self.deleted):
            raise ValueError(f"drawn and deleted go with outcome correct, not {self.outcome}")
        if self.outcome == "reject" and self.kept:
            raise ValueError("a prediction that is rejected as a whole keeps nothing: kept must be empty")
        return self


class ImageReviewOut(BaseModel):
    outcome: Annotated[
        Literal["accepted", "refined", "rejected"] | None,
        Field(description="null: a known key that was taken back since"),
    ]
    status: Status
    seq: int
    n_events: int
    message: str


class PresenceIn(BaseModel):
    page: Page
    tab: Annotated[str, Field(max_length=64, description="tells two windows of one name apart")] = ""


class OtherOut(BaseModel):
    annotator: str
    page: Page
    seconds_ago: float


class PresenceOut(BaseModel):
    others: list[OtherOut]


class BatchOut(FromAttributes):
    model_version: Annotated[int | None, Field(description="the newest one; counted is what was said since its data")]
    since_seq: int
    accepted: Annotated[int, Field(description="images accepted as they were")]
    refined: int
    rejected: int
    changed_objects: Annotated[int, Field(description="drawn, moved, renamed, deleted or rejected one by one")]
    missed: Annotated[int, Field(description="images marked with an object that nobody proposed")]
    open: Annotated[int, Field(description="images of this pool that nobody has reviewed")]
    is_changed: bool
    message: str
