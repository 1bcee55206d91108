"""How good a model is on one hold-out: the numbers that stand in model.json and on the pages."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from winnow.training.dataset import DatasetVersion

CONFIDENCE = 0.25  # from this score on, a wrong box counts as a false positive and a missing one as a false negative
MATCH_IOU = 0.5


@dataclass(frozen=True)
class MaskMetrics:
    """How well masks are found, by their own overlap; precision and recall at the confidence of the best F1."""

    map50: float
    map50_95: float
    precision: float
    recall: float


@dataclass(frozen=True)
class ClassMetrics:
    """One class; precision and recall at the confidence of the best F1, which is ultralytics' convention.

    `masks` is there where the model segments; all other figures are those of its boxes.
    """

    name: str
    boxes: int
    map50: float
    map50_95: float
    precision: float
    recall: float
    false_positives: int
    false_negatives: int
    masks: MaskMetrics | None = None


@dataclass(frozen=True)
class Metrics:
    """The hold-out's verdict on a model; all shares in [0, 1], times in milliseconds an image.

    `loss` has the mean box, cls and dfl loss (and seg, where the model segments) and their sum; it is None where the
    model knows other classes than the hold-out, for which it is not defined. `masks` is there where the model segments;
    all other figures are those of its boxes.
    """

    map50: float
    map50_95: float
    precision: float
    recall: float
    loss: dict[str, float] | None
    speed_ms: float
    images: int
    boxes: int
    false_positives: int
    false_negatives: int
    false_positives_per_image: float
    per_class: tuple[ClassMetrics, ...]
    holdout: str  # hash of what was measured on
    imgsz: int
    confidence: float = CONFIDENCE
    match_iou: float = MATCH_IOU
    masks: MaskMetrics | None = None

    def as_json(self) -> dict[str, Any]:
        """Without a word of masks where there are none, as versions of boxes ever were."""
        values = asdict(self)
        for one in (values, *values["per_class"]):
            if one["masks"] is None:
                del one["masks"]
        return values

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "Metrics":
        per_class = tuple(ClassMetrics(**_with_masks(one)) for one in values["per_class"])
        return cls(**{**_with_masks(values), "per_class": per_class})


def _with_masks(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "masks": MaskMetrics(**values["masks"])} if values.get("masks") else {**values}


def holdout_hash(dataset: "DatasetVersion") -> str:
    """blake2b, 32 hex digits, over the hold-out's images and their label files: equal = measured on the same."""
    digest = blake2b(digest_size=16)
    for entry in dataset.entries("holdout"):
        digest.update(f"{entry.name}\n{entry.blake2b}\n{entry.label_text(dataset.classes)}\n".encode())
    return digest.hexdigest()
