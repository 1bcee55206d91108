"""What the images page is told and sends: images with their regions, marks, corrections."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from winnow.web.schemas import Box, ClassName, ClientKey, FromAttributes

Show = Literal["all", "untouched", "in_progress", "complete", "to_correct", "missed"]
Coordinate = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class RegionOut(FromAttributes):
    item_id: str
    box_xyxy: Box
    class_name: str
    claimed: Annotated[str | None, Field(description="the class it was proposed as")]
    score: float | None
    reason: str | None
    place: Literal["accepted", "rejected", "to_correct", "unreviewed"]


class ImageOut(BaseModel):
    item_id: Annotated[str | None, Field(description="an item on it; null when the pool no longer has the image")]
    path: str
    pools: Annotated[list[str], Field(description="where item_id is null: the other refs that list it, best first")]
    image_url: Annotated[str | None, Field(description="the whole image, no box drawn")]
    width: Annotated[int | None, Field(description="pixels; null when the file cannot be read")]
    height: int | None
    state: Literal["untouched", "in_progress", "complete"]
    proposals: int
    accepted: int
    rejected: int
    to_correct: int
    unreviewed: Annotated[int, Field(description="without a verdict, those to correct not counted")]
    open_misses: int
    regions: list[RegionOut]


class ImagesOut(BaseModel):
    total: Annotated[int, Field(description="images that pass the filter")]
    counts: Annotated[dict[Show, int], Field(description="images of each kind, all classes")]
    classes: list[str]
    images: list[ImageOut]


class MarkIn(BaseModel):
    key: ClientKey


class CorrectionIn(BaseModel):
    item_id: Annotated[str, Field(max_length=64, description="what is corrected, or any item on the image")]
    box_xyxy: tuple[Coordinate, Coordinate, Coordinate, Coordinate]
    class_name: ClassName
    is_replaced: Annotated[bool, Field(description="the item's own object, better boxed; false: one that was missed")]
    key: ClientKey
