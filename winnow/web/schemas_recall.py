"""What the recall meter's calls say."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from winnow.web.schemas import FromAttributes

Share = Annotated[float, Field(ge=0, le=1)]


class RefusedOut(FromAttributes):
    method: Literal["ranked", "random"]
    why: str


class PrevalenceOut(FromAttributes):
    """Shares of the population, with an interval that holds at all moments at once, from random looks alone."""

    estimate: Share
    low: Share
    high: Share
    looks: int


class BinOut(FromAttributes):
    low: Share
    high: Share
    mean_probability: Share
    share: Annotated[Share, Field(description="of its items were positive")]
    count: int


class HeadCheckOut(FromAttributes):
    """The head against items that were drawn at random; the interval is an exact one with 95 %."""

    looks: int
    errors: int
    error_rate: Share
    low: Share
    high: Share
    brier: Share
    bins: list[BinOut]


class RecallOut(FromAttributes):
    """How much is found. Counts are of what the filter shows; docs/recall.md has the methods."""

    population: Annotated[int, Field(description="judged and open items")]
    found: int
    looked: Annotated[int, Field(description="items with a label")]
    open: int
    set_aside: Annotated[int, Field(description="near-duplicates that are not shown")]
    auto: Annotated[int, Field(description="items that a head decided")]
    at_most: Annotated[int | None, Field(description="positives there are, with this confidence")]
    bound: Annotated[Share | None, Field(description="share of all positives that is found, at least")]
    bound_method: Literal["ranked", "random"] | None
    bound_random: Annotated[Share | None, Field(description="the bound by random looks alone")]
    confidence: Share
    target: Share
    is_reached: bool
    looks_to_target: Annotated[
        int | None, Field(description="after so many more looks without a hit the bound is at the target")
    ]
    refused: list[RefusedOut]
    prevalence: PrevalenceOut | None
    head: HeadCheckOut | None
    seq: Annotated[int, Field(description="the newest event that is in these figures")]


class TargetIn(BaseModel):
    target: Annotated[float, Field(ge=0.5, le=0.999)]
