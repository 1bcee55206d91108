"""What the calls about pools take and answer."""

from typing import Annotated

from pydantic import BaseModel, Field


class PoolIn(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=255, description="a refs file's name, as listed")]


class PoolOut(BaseModel):
    name: str
    is_open: bool
    has_features: Annotated[bool, Field(description="without features it cannot be labelled")]


class CorrectionsOut(BaseModel):
    n_items: Annotated[int, Field(description="accepted boxes that were drawn by hand")]
    n_waiting: Annotated[int, Field(description="those without features")]
    problem: Annotated[str | None, Field(description="why they have none; None while they are computed")]


class PoolsOut(BaseModel):
    pools: list[PoolOut]
    is_ready: Annotated[bool, Field(description="False while the open pool is being read")]
    corrections: CorrectionsOut | None = None
