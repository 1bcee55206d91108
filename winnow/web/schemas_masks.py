"""What goes over the wire for masks."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, FiniteFloat, StrictInt

from winnow.masks.rle import Rle, from_json
from winnow.web.schemas import Box, FromAttributes

ItemId = Annotated[str, Field(max_length=16, description="any item on the image")]
Pixels = Annotated[int, Field(ge=0, le=2**31)]


class RleIO(BaseModel):
    """A mask of the whole image, as COCO's compressed run lengths."""

    size: Annotated[list[StrictInt], Field(min_length=2, max_length=2, description="[height, width]")]
    counts: Annotated[str, Field(max_length=5_000_000)]

    @classmethod
    def of(cls, rle: Rle) -> "RleIO":
        return cls(**rle.as_json())

    def rle(self) -> Rle:
        """Checked run by run; raises ProposalError."""
        return from_json(self.model_dump())


class SegmenterChoiceOut(FromAttributes):
    name: str
    label: str
    help: str


class SegmenterOut(BaseModel):
    """What makes masks, and what else could."""

    model: Annotated[str | None, Field(description="null: boxes are corrected without masks")]
    state: Literal["none", "stopped", "starting", "ready", "failed"]
    problem: str | None
    models: list[SegmenterChoiceOut]
    how_to: Annotated[str, Field(description="how to get better masks")]


class SegmenterIn(BaseModel):
    model: Annotated[str, Field(max_length=300, description='a name of `models`, or "none"')]


class PrepareIn(BaseModel):
    item_ids: Annotated[list[ItemId], Field(max_length=8)]


class PreparedOut(BaseModel):
    states: dict[str, Literal["ready", "working", "failed"]]


class PromptIn(BaseModel):
    """Pixels of the upright image."""

    item_id: ItemId
    box_xyxy: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    points: Annotated[
        list[tuple[FiniteFloat, FiniteFloat, Literal[0, 1]]],
        Field(max_length=1000, description="x, y, and 1 inside the object or 0 outside"),
    ] = []
    mask: Annotated[RleIO | None, Field(description="an earlier mask, to be refined")] = None
    seq: Annotated[int, Field(ge=0, description="is answered: the newest request wins")] = 0


class MaskOut(BaseModel):
    seq: int
    mask: Annotated[RleIO | None, Field(description="null: nothing was found")]
    box_xyxy: Box | None
    score: Annotated[float, Field(description="the IoU that the segmenter claims")]
    stability: Annotated[float, Field(description="SAM's stability score, offset 1.0")]
    area_px: int
    ms: Annotated[float, Field(description="what the segmenter took")]
    model: str
    is_embedding_new: bool


class TidyIn(BaseModel):
    item_id: ItemId
    mask: RleIO
    holes_px: Annotated[Pixels, Field(description="fill holes of at most so many pixels")] = 0
    islands_px: Annotated[Pixels, Field(description="drop parts of at most so many pixels; the largest stays")] = 0
    tolerance_px: Annotated[float, Field(ge=0, le=1000, description="how far outlines may leave the mask's edge")] = 0


class TidyOut(BaseModel):
    mask: RleIO | None
    box_xyxy: Box | None
    area_px: int
    polygons: Annotated[
        list[list[tuple[float, float]]], Field(description="rings, those of holes too: filled by even-odd, the mask")
    ]
