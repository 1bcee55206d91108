"""What goes over the wire about the start of labelling."""

from typing import Annotated, Literal

from pydantic import Base64Bytes, BaseModel, Field, model_validator

from winnow.web.schemas import Box, ClientKey, FromAttributes, StrategyChoice


class CoverageOut(FromAttributes):
    """How much of the pool's groups of look-alikes was seen."""

    seen: Annotated[int, Field(description="groups with a judged item")]
    total: int
    share_of_items: Annotated[float, Field(description="of all items, in groups that were seen; 0 … 1")]


class ExampleOut(BaseModel):
    id: str
    kind: Literal["item", "picture"]
    url: Annotated[str, Field(description="what it shows, as an image")]


class StartOut(BaseModel):
    way: str
    available: list[StrategyChoice]
    coverage: Annotated[CoverageOut | None, Field(description="null until the groups are known")]
    examples: list[ExampleOut]
    state: Annotated[
        Literal["ready", "building", "encoding"],
        Field(description="building: waits for the atlas; encoding: for the vectors of pictures"),
    ]
    problem: Annotated[str | None, Field(description="why the way, or an example, does not count")]


class StartIn(BaseModel):
    way: Annotated[str, Field(max_length=32)]


class ExampleIn(BaseModel):
    """An item of the pool, or a picture, maybe with the box on it that is meant."""

    key: ClientKey
    item_id: Annotated[str | None, Field(max_length=64)] = None
    picture: Annotated[Base64Bytes | None, Field(description="an image file's bytes, in base 64")] = None
    name: Annotated[str, Field(min_length=1, max_length=200)] = "picture"
    box_xyxy: Annotated[Box | None, Field(description="pixels of the upright picture")] = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "ExampleIn":
        if (self.item_id is None) == (self.picture is None):
            raise ValueError("an example is either an item_id or a picture")
        if self.item_id is not None and self.box_xyxy is not None:
            raise ValueError("box_xyxy goes with a picture only")
        return self
