"""What the Auto page's calls take and answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt

from winnow.web.schemas import ClientKey, ItemOut, ProgressOut

Side = Literal["accept", "reject"]
Target = Annotated[float, Field(ge=0.5, le=0.9999, description="the share of right ones among what the model decides")]


class OfferOut(BaseModel):
    """What can be asked for on one side."""

    side: Side
    candidates: Annotated[int, Field(description="open items that the model would decide so")]
    audit: Annotated[int | None, Field(description="the fewest verdicts that can prove the target; null: none pay")]


class WishIn(BaseModel):
    sides: Annotated[list[Side], Field(min_length=1, max_length=2)]
    target: Target = 0.98
    audit: Annotated[
        StrictInt | None, Field(ge=1, le=1_000_000, description="verdicts a side and look; null: as few as can do")
    ] = None


class DecisionOut(BaseModel):
    """What the audit proves: `items` that the model may decide, at most `wrong_max` of them wrong."""

    items: int
    threshold: Annotated[float, Field(description="P(label = 1) of the least certain of them")]
    wrong_max: int
    is_widest: Annotated[bool, Field(description="all candidates, not only the more certain ones")]


class NextLookOut(BaseModel):
    """What going on takes: `verdicts` more, of which at most `wrong_max` wrong, and all candidates pass."""

    look: int
    verdicts: int
    wrong_max: int


class SideOut(BaseModel):
    side: Side
    candidates: int
    threshold: float
    look: int
    looks: int
    size: Annotated[int, Field(description="verdicts of the sample up to this look")]
    judged: int
    wrong: Annotated[int | None, Field(description="skips among them; null until the look is complete")]
    decision: DecisionOut | None
    next_look: NextLookOut | None


class AppliedOut(BaseModel):
    seq: int
    positive: int
    negative: int
    annotator: str
    created_at: float
    reason: str


class AuditOut(BaseModel):
    number: int
    target: float
    confidence: float
    model_version: int
    is_complete: bool
    can_go_on: bool
    sides: list[SideOut]
    items: Annotated[list[ItemOut], Field(description="what to judge next; nothing says what the model thinks of it")]
    left: Annotated[int, Field(description="verdicts that this look still waits for")]
    applied: AppliedOut | None


class AutoOut(BaseModel):
    """The audit of the pool that is shown; null: none was drawn, or it was given up."""

    audit: AuditOut | None
    progress: ProgressOut


class LookIn(BaseModel):
    look: Annotated[StrictInt, Field(ge=1, le=100)]


class AuditVerdictIn(BaseModel):
    item_id: Annotated[str, Field(max_length=64)]
    label: Annotated[StrictInt | None, Field(ge=0, le=1)]
    key: ClientKey
    elapsed_ms: Annotated[StrictInt | None, Field(ge=0, le=2**31 - 1)] = None


class ApplyIn(BaseModel):
    key: ClientKey
