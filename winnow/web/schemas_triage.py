"""What the triage page is told and sends: groups, classes, scores, the filter."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from winnow.web.schemas import ItemOut

Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Names = Annotated[list[Annotated[str, Field(max_length=4096)]], Field(max_length=10_000)]


class FilterIn(BaseModel):
    """The whole filter; what is left out takes everything."""

    classes: Annotated[Names, Field(description="exact names, empty = all")] = []
    score_min: Score = 0.0
    score_max: Score = 1.0
    set_aside: Annotated[Names, Field(description="names of triage groups")] = []
    images: Annotated[Names, Field(description="paths as in the refs, empty = all")] = []

    @model_validator(mode="after")
    def _orders_the_scores(self) -> "FilterIn":
        if self.score_min > self.score_max:
            raise ValueError("score_min must not be above score_max")
        return self


class ClassCount(BaseModel):
    name: str
    count: Annotated[int, Field(description="proposals of this class")]


class FilterOut(FilterIn):
    """The filter in force and what it lets through."""

    shown: Annotated[int, Field(description="items that pass")]
    hidden: Annotated[int, Field(description="items that do not: set aside, none deleted")]
    open: Annotated[int, Field(description="of those that pass, without a verdict")]
    judged: Annotated[int, Field(description="verdicts and skips of the whole pool, at the same moment")]
    has_boxes: bool
    available: Annotated[list[ClassCount], Field(description="classes of the pool, the most frequent first")]
    named: Annotated[list[str], Field(description="classes that annotators gave and the pool does not have")]


class GroupOut(BaseModel):
    name: str
    label: str
    help: str
    rule: Annotated[str, Field(description="what puts a proposal into this group")]
    count: int
    is_set_aside: bool
    thumbs: list[ItemOut]


class TriageOut(BaseModel):
    """`groups` is empty until the state is `ready`; the first ask starts the work."""

    state: Literal["computing", "ready", "failed"]
    seconds: Annotated[float, Field(description="how long it has been computing")]
    problem: str | None
    total: Annotated[int, Field(description="proposals with a box")]
    groups: list[GroupOut]
    histogram: Annotated[list[int], Field(description="proposals by score, 20 bins of 0.05")]
    without_score: int
    filter: FilterOut
