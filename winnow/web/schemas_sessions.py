"""What the calls about training sessions take and answer."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from winnow.training.manifest import Task
from winnow.training.sessions import Diversity
from winnow.web.schemas import FromAttributes
from winnow.web.schemas_train import BaseName, Rejects

Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"\S")]
Weight = Annotated[float, Field(ge=0, le=1)]
Epochs = Annotated[int | None, Field(ge=1, le=10_000, description="null: 100, or 30 from a model version")]
LearningRate = Annotated[float | None, Field(gt=0, le=1, description="null: 0.01, or 0.002 from a model version")]


class RankingOut(FromAttributes):
    """How the next images are ranked."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    weights: Annotated[tuple[Weight, Weight, Weight], Field(description="of 1 − max confidence, variance, entropy")] = (
        0.4,
        0.3,
        0.3,
    )
    min_uncertainty: Annotated[float, Field(ge=0, le=1)] = 0.0
    max_images: Annotated[int, Field(ge=1, le=1000)] = 50
    diversity: Diversity = "none"
    class_balance: bool = False

    @model_validator(mode="after")
    def _has_weight(self) -> "RankingOut":
        if sum(self.weights) <= 0:
            raise ValueError("the weights are all 0; give at least one of them more")
        return self


class SettingsOut(FromAttributes):
    """What a training of the session is started with."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    epochs: Epochs = None
    batch: Annotated[int, Field(ge=1, le=1024)] = 16
    imgsz: Annotated[int, Field(ge=32, le=4096, multiple_of=32)] = 640
    lr: LearningRate = None
    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|\d{1,2}|cuda:\d{1,2})$")] = "auto"
    freeze: Annotated[int, Field(ge=0, le=100, description="first layers that stay as they are")] = 0
    partial: bool = False
    rejects: Rejects = "background"
    ranking: RankingOut = RankingOut()
    task: Annotated[Task, Field(description="detect learns boxes, segment boxes and masks")] = "detect"


class SessionIn(BaseModel):
    name: Name
    base: BaseName
    settings: SettingsOut = SettingsOut()


class SessionPatch(BaseModel):
    """What is given is replaced, the settings as a whole."""

    name: Name | None = None
    base: BaseName | None = None
    settings: SettingsOut | None = None


class ClassChangeOut(FromAttributes):
    name: str
    boxes: int
    precision_before: float | None
    precision: float
    recall_before: float | None
    recall: float
    map50_before: float | None
    map50: float


class IterationOut(BaseModel):
    """A model version that was made in the session, beside the version before on the same hold-out."""

    model: int
    base: str
    dataset: int
    created_at: float
    seconds: float
    before: int | None
    metrics: Annotated[dict[str, Any], Field(description="map50, map50_95, precision, recall, loss, errors …")]
    metrics_before: dict[str, Any] | None
    per_class: list[ClassChangeOut]
    errors_pool: Annotated[str | None, Field(description="the pool of its mistakes, for /api/pools/open")]
    has_report: bool


class GainOut(FromAttributes):
    model: int
    before: float
    after: float
    standard_error: float


class ConvergenceOut(FromAttributes):
    is_converged: bool
    text: str
    rule: str
    gains: list[GainOut]


class SuggestionOut(FromAttributes):
    setting: str
    value: Any
    reason: str


class SessionOut(BaseModel):
    number: int
    name: str
    base: str
    settings: SettingsOut
    created_at: float
    iterations: list[IterationOut]
    convergence: ConvergenceOut


class SessionsOut(BaseModel):
    sessions: list[SessionOut]


class SuggestionsOut(BaseModel):
    suggestions: list[SuggestionOut]
    problem: Annotated[str | None, Field(description="why nothing can be suggested yet")]


class RankedImageOut(BaseModel):
    path: str
    uncertainty: Annotated[float, Field(description="0 … 1, higher = review sooner")]
    parts: Annotated[dict[str, float], Field(description="confidence, variance, entropy")]
    n_boxes: int


class NextImagesOut(BaseModel):
    images: Annotated[list[RankedImageOut], Field(description="most uncertain first")]
    considered: Annotated[int, Field(description="images of the open pool that are not complete")]
    in_review: Annotated[bool, Field(description="the label page is filtered to exactly these")] = False


class DeletedOut(BaseModel):
    deleted: int
    kept_models: list[int]
