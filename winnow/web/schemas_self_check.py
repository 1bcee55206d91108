"""The shapes of the self-check, and of the review's rows that follow from it."""

from typing import Annotated

from pydantic import BaseModel, Field

from winnow.web.schemas import FromAttributes, ReviewRow


class IntervalOut(BaseModel):
    """A share's 95 % interval (Clopper & Pearson, 1934)."""

    low: float
    high: float


class AgreementOut(BaseModel):
    """Labels that were given again without knowing the earlier one."""

    repeats: int
    agreed: int
    agreement: IntervalOut | None


class SelfCheckOut(AgreementOut):
    """The annotator's agreement with themselves, and beside it that on bulk labels and between people."""

    bulk: Annotated[AgreementOut, Field(description="labels given many at a time, looked at again by anyone")]
    between: Annotated[AgreementOut, Field(description="labels of one person, looked at again by another")]
    hasty: Annotated[int, Field(description="verdicts of this annotator: /api/review?order=hasty has them")]
    hasty_below_ms: Annotated[float | None, Field(description="null while too few verdicts are timed")]
    share: Annotated[float, Field(description="the setting repeat_share")]


class SecondLookRow(ReviewRow):
    said_before: Annotated[int | None, Field(description="the label that a second look, this verdict, did not repeat")]


class ReviewedOut(FromAttributes):
    total: int
    annotators: list[str]
    rows: list[SecondLookRow]
