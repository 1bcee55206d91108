"""What the models page's calls take and answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from winnow.training.manifest import Task
from winnow.web.schemas import FromAttributes
from winnow.web.schemas_jobs import JobOut

Number = Annotated[int, Field(ge=1, le=10**9)]


class MaskMetricsOut(FromAttributes):
    """How well masks are found; shares in 0 … 1."""

    map50: float
    map50_95: float
    precision: float
    recall: float


Masks = Annotated[MaskMetricsOut | None, Field(description="of models that segment; all other figures are of boxes")]


class ClassMetricsOut(FromAttributes):
    """One class on the hold-out; precision and recall at the confidence of the best F1."""

    name: str
    boxes: int
    map50: float
    map50_95: float
    precision: float
    recall: float
    false_positives: int
    false_negatives: int
    masks: Masks


class MetricsOut(FromAttributes):
    """A model on one hold-out; shares in 0 … 1."""

    map50: float
    map50_95: float
    precision: float
    recall: float
    speed_ms: Annotated[float, Field(description="milliseconds an image, on the machine that measured")]
    images: int
    boxes: int
    false_positives: int
    false_negatives: int
    false_positives_per_image: float
    per_class: list[ClassMetricsOut]
    holdout: Annotated[str, Field(description="equal = measured on the same images and labels")]
    imgsz: int
    confidence: Annotated[float, Field(description="from this score on, false positives and negatives are counted")]
    masks: Masks


class ModelFileOut(BaseModel):
    name: str
    size_bytes: int
    url: Annotated[str | None, Field(description="None for a folder, which lies at `path`")]
    path: str


class ModelVersionOut(BaseModel):
    number: int
    name: str
    task: Annotated[Task, Field(description="detect: boxes; segment: boxes and masks")]
    base: str
    base_version: int | None
    dataset: Annotated[int, Field(description="the data set version it was trained on")]
    session: int | None
    classes: list[str]
    metrics: MetricsOut
    before: Annotated[int | None, Field(description="the version it was measured against")]
    seconds: Annotated[float, Field(description="of training")]
    created_at: Annotated[float, Field(description="seconds since 1970, UTC")]
    size_bytes: int
    is_active: Annotated[bool, Field(description="the one that proposes next")]
    is_best: Annotated[bool, Field(description="the highest mAP50-95 on the newest hold-out")]
    files: Annotated[list[ModelFileOut], Field(description="the weights first, then exports")]
    errors_pool: Annotated[str | None, Field(description="its false positives and negatives, as a pool")]
    has_report: bool


class FormatOut(BaseModel):
    name: str
    label: str
    missing: Annotated[list[str], Field(description="packages to install first")]


class ModelsOut(BaseModel):
    models: Annotated[list[ModelVersionOut], Field(description="newest first")]
    problems: Annotated[list[str], Field(description="files that are damaged, and what they hide")]
    formats: list[FormatOut]
    folder: str


class ComparisonOut(BaseModel):
    """Two versions by the newest hold-out on which both were measured, else each by its own."""

    first: int
    second: int
    first_metrics: MetricsOut
    second_metrics: MetricsOut
    is_same_holdout: Annotated[bool, Field(description="else the numbers must not be compared")]


class ExportIn(BaseModel):
    format: Annotated[Literal["onnx", "torchscript", "openvino", "engine", "coreml", "tflite"], Field()] = "onnx"
    imgsz: Annotated[int | None, Field(ge=32, le=8192, description="None = as trained")] = None


class MeasureIn(BaseModel):
    numbers: Annotated[list[Number], Field(min_length=1, max_length=20)]


class ModelJobOut(BaseModel):
    job: JobOut
