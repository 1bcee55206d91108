"""What the train page's calls take and answer."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from winnow.training.manifest import Task
from winnow.web.schemas import FromAttributes

BaseName = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^/\\]+$", description="a name as /api/train lists them")
]
Rejects = Literal["background", "ignore"]


class PartStockOut(FromAttributes):
    drawn: Annotated[int, Field(description="all images of this part of the split")]
    images: Annotated[int, Field(description="those that would enter a data set version now")]
    waiting: Annotated[int, Field(description="judged in part, so they enter only a partial one")]
    boxes: Annotated[dict[str, int], Field(description="accepted, by class")]
    without_mask: Annotated[int, Field(description="of the task segment: an accepted object on them has no mask")]


class StockOut(FromAttributes):
    images: Annotated[dict[str, int], Field(description="by state")]
    accepted: int
    rejected: int
    to_correct: int
    misses: int
    parts: dict[str, PartStockOut]


class BaseOut(BaseModel):
    """What a training can start from."""

    name: BaseName
    label: str
    kind: Literal["version", "weights", "nothing"]
    task: Annotated[Task | None, Field(description="null: the file was not opened, for that runs the code in it")]


class TrainOut(BaseModel):
    stock: StockOut | None
    problem: Annotated[str | None, Field(description="why there is nothing to learn from yet")]
    bases: list[BaseOut]
    weights_folder: Annotated[str, Field(description="the only folder that this page takes .pt files from")]
    refs: Annotated[str, Field(description="the pool whose open proposals count")]


class CheckOut(BaseModel):
    is_ready: bool
    reason: Annotated[str | None, Field(description="why a training would be refused")]
    can_train_anyway: Annotated[
        bool, Field(description="all that is new was accepted as predicted; `is_anyway` trains all the same")
    ] = False


class TrainIn(BaseModel):
    session: Annotated[int, Field(ge=1, le=10**6)]
    base: Annotated[BaseName | None, Field(description="default: the session's")] = None
    is_again: Annotated[bool, Field(description="also when nothing is new")] = False
    is_anyway: Annotated[bool, Field(description="also when all that is new was accepted as predicted")] = False


class DatasetIn(BaseModel):
    partial: bool = False
    rejects: Rejects = "background"
    task: Task = "detect"


class DatasetOut(BaseModel):
    """A data set version; differences are to the one before it."""

    number: int
    task: Annotated[Task, Field(description="detect: boxes; segment: masks")]
    created_at: float
    settings: dict[str, Any]
    classes: list[str]
    counts: dict[str, dict[str, Any]]
    differences: Annotated[dict[str, dict[str, int]] | None, Field(description="part -> images, negatives, boxes")]
    left_out: Annotated[dict[str, int], Field(description="why -> images")]
    unreadable: int
    last_seq: int
    folder: str


class DatasetsOut(BaseModel):
    datasets: Annotated[list[DatasetOut], Field(description="newest first")]
