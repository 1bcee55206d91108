"""What is said of items that are alike: look-alikes, exemplars, near-duplicates."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from winnow.web.schemas import ItemOut


class AlikeOut(ItemOut):
    likeness: Annotated[float, Field(description="cosine in the pool's feature space, at most 1")]


class NeighboursOut(BaseModel):
    items: Annotated[list[AlikeOut], Field(description="nearest first")]
    version: Annotated[int, Field(description="the model that the probabilities are of")]
    is_exact: Annotated[bool, Field(description="false where an index chose: one that is as near may be missing")]


class ExemplarsOut(BaseModel):
    accepted: Annotated[list[AlikeOut], Field(description="the nearest with label 1, nearest first")]
    rejected: Annotated[list[AlikeOut], Field(description="the nearest with label 0, nearest first")]


class NearDuplicatesIn(BaseModel):
    is_shown: bool


class NearDuplicatesOut(BaseModel):
    is_shown: Annotated[bool, Field(description="whether near-duplicates of labelled items come like all others")]
    set_aside: Annotated[int, Field(description="how many are held back now")]
    likeness: Annotated[float, Field(description="from which two items are near-duplicates; 0 = none are")]
    state: Annotated[Literal["off", "building", "ready"], Field(description="whether they are known yet")]
