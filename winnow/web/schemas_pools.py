"""What the calls about pools take and answer."""

from typing import Annotated

from pydantic import BaseModel, Field


class PoolIn(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=255, description="a refs file's name, as listed")]


class PoolOut(BaseModel):
    name: str
    is_open: bool
    has_features: Annotated[bool, Field(description="without features it cannot be labelled")]


class PoolsOut(BaseModel):
    pools: list[PoolOut]
    is_ready: Annotated[bool, Field(description="False while the open pool is being read")]
