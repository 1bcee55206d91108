"""What goes over the wire: the shapes of the HTTP contract."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints, model_validator

Box = tuple[float, float, float, float]
ClientKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=48,
        pattern=r"^[\w.:-]+$",
        description="made by the client, a uuid for example, one per key press",
    ),
]

ClassName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class FromAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ItemOut(BaseModel):
    """An item as it is shown."""

    id: str
    index: Annotated[int, Field(description="the item's row in the refs file, from 0")]
    path: str
    image_url: Annotated[str, Field(description="the whole image, the box drawn in")]
    crop_url: Annotated[str, Field(description="the crop with its context; for a whole image the same as image_url")]
    box_xyxy: Box | None
    view_xyxy: Annotated[Box | None, Field(description="what crop_url shows, in pixels of the image")]
    class_name: str | None
    score: float | None
    probability: Annotated[float | None, Field(description="P(label = 1) of this snapshot")]
    strategy: str
    rank: int | None


class ProgressOut(FromAttributes):
    labeled: int
    positive: int
    negative: int
    skipped: int
    total: int
    unreadable: int
    invalid: int
    auto_positive: Annotated[int, Field(description="decided by the model, as an audit allowed; not in labeled")] = 0
    auto_negative: int = 0


class ModelOut(BaseModel):
    version: Annotated[int, Field(description="the newest log event this model has learnt from")]
    labels: int
    state: Literal["cold", "one_class", "fitting", "ready", "exhausted"]


class QueueOut(BaseModel):
    items: list[ItemOut]
    progress: ProgressOut
    model: ModelOut
    strategy: Annotated[str, Field(description="the strategy in force, or the one that the goal is nearest to")]
    goal: Annotated[str | None, Field(description="the goal in force, null where a strategy was chosen by hand")]
    is_blind: Annotated[bool, Field(description="the annotator shall not see what the model or the detector thinks")]


class VerdictIn(BaseModel):
    item_id: Annotated[str, Field(max_length=64)]
    label: Annotated[StrictInt | None, Field(ge=0, le=1, description="1 positive, 0 negative, null = skip")]
    key: ClientKey
    elapsed_ms: Annotated[StrictInt | None, Field(ge=0, le=2**31 - 1)] = None
    reason: Annotated[
        str | None,
        Field(max_length=200, description="background, wrong_class, duplicate, bad_box, or own words"),
    ] = None
    class_name: Annotated[ClassName | None, Field(description="what it is instead; with reason wrong_class")] = None
    model_version: Annotated[StrictInt | None, Field(ge=0, description="the model the item was shown by")] = None
    strategy: Annotated[str | None, Field(max_length=32, description="the strategy the item was shown by")] = None

    @model_validator(mode="after")
    def _names_a_class_only_for_a_wrong_one(self) -> "VerdictIn":
        if self.class_name is not None and (self.reason != "wrong_class" or self.label != 0):
            raise ValueError("class_name goes with label 0 and reason wrong_class only")
        return self


class BatchItemIn(BaseModel):
    item_id: Annotated[str, Field(max_length=64)]
    label: Annotated[StrictInt, Field(ge=0, le=1)]


class BatchIn(BaseModel):
    """Labels that one press gives to many items."""

    key: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w.:-]+$")]
    way: Literal["sweep", "grid", "lasso"]
    items: Annotated[list[BatchItemIn], Field(min_length=1, max_length=500)]
    elapsed_ms: Annotated[StrictInt | None, Field(ge=0, le=2**31 - 1)] = None
    model_version: Annotated[StrictInt | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _names_each_item_once(self) -> "BatchIn":
        if len({item.item_id for item in self.items}) < len(self.items):
            raise ValueError("an item is listed twice; every item gets one label")
        return self


class VerdictOut(FromAttributes):
    seq: int
    key: str
    kind: Annotated[
        Literal["verdict", "miss", "complete", "reject", "auto"],
        Field(description="what it is on: an item, its image, or all that a model decided at once"),
    ]
    item_id: str
    label: int | None
    annotator: str
    created_at: Annotated[float, Field(description="seconds since 1970, UTC")]
    elapsed_ms: int | None
    probability: float | None
    model_version: int | None
    strategy: str
    selection_probability: float | None
    rank: int | None
    reason: str | None
    class_name: Annotated[str | None, Field(description="what the annotator says it is instead")]
    replaces: Annotated[str | None, Field(description="the item whose box this one corrects")]
    goal: Annotated[str | None, Field(description="what was being looked for when the item was shown")]


class MetricsPointOut(FromAttributes):
    seq: int
    item_id: str
    label: int
    probability: float
    brier: float
    brier_mean: float
    error_rate: float
    count: int


class JudgedOut(BaseModel):
    verdict: VerdictOut
    progress: ProgressOut
    metrics: MetricsPointOut | None
    queue: QueueOut


class BatchOut(BaseModel):
    verdict: Annotated[VerdictOut | None, Field(description="the last one; null where nothing was left to judge")]
    verdicts: Annotated[int, Field(description="how many were recorded")]
    left_out: Annotated[int, Field(description="how many had a verdict already")]
    progress: ProgressOut
    queue: QueueOut


class UndoIn(BaseModel):
    key: ClientKey | None = None


class UndoneOut(BaseModel):
    verdict: VerdictOut
    item: ItemOut | None
    progress: ProgressOut
    queue: QueueOut


class MetricsOut(BaseModel):
    points: list[MetricsPointOut]


class StrategyIn(BaseModel):
    name: Annotated[str, Field(max_length=64)]


class StrategyChoice(FromAttributes):
    name: str
    label: str
    help: str


class StrategyOut(BaseModel):
    name: str
    available: list[StrategyChoice]


class GoalIn(BaseModel):
    name: Annotated[str | None, Field(max_length=64, description="null: the strategy of the settings, by hand")]


class GoalChoice(FromAttributes):
    name: str
    label: str
    help: str
    strategy: str
    is_blind: bool


class GoalOut(BaseModel):
    name: str | None
    available: list[GoalChoice]
    random_share: Annotated[float, Field(description="of the items in Find all that are drawn at random, at most")]


class ReturnIn(BaseModel):
    key: ClientKey


class ReturnedOut(BaseModel):
    returned: int
    progress: ProgressOut


class ReviewRow(BaseModel):
    item: ItemOut
    verdict: VerdictOut
    head_probability: Annotated[float | None, Field(description="P(label = 1) by a head that did not see this label")]
    disagreement: Annotated[float | None, Field(description="|label − head_probability|")]


class ReviewOut(BaseModel):
    total: int
    annotators: list[str]
    rows: list[ReviewRow]


class Health(BaseModel):
    status: Literal["ok"]
    ready: bool


class ErrorOut(BaseModel):
    error: str
    detail: str
