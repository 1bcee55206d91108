"""What every source of proposals hands over, and what it is asked by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from winnow.errors import ProposalError
from winnow.masks.rle import Rle


@dataclass(frozen=True)
class Detections:
    """One image's n proposals: boxes (n, 4) float64 pixels, scores (n,) float64 in 0 … 1, NaN = none."""

    boxes_xyxy: np.ndarray
    scores: np.ndarray
    classes: list[str]
    masks: Sequence[Rle | None] | None = None  # of the image's size
    stabilities: Sequence[float] | None = None  # SAM's stability score of each mask, 0 … 1


class Detector(Protocol):
    """A model that proposes; the same images in the same batch give the same proposals."""

    source: str  # stands in the proposals' column
    batch: int  # most images that one call takes
    recipe: dict[str, Any]  # all that decides the proposals besides the images

    def detect(self, images_hwc: list[np.ndarray]) -> list[Detections]:
        """The proposals of each image (h, w, 3) uint8 RGB, in order, best first."""


def check_range(name: str, value: float, lowest: float, highest: float) -> None:
    """Raises ProposalError for an option outside its range."""
    if not lowest <= value <= highest:
        raise ProposalError(f"--{name} must lie in {lowest:g} … {highest:g}, got {value:g}.")


def check_at_least(name: str, value: int, lowest: int) -> None:
    """Raises ProposalError for an option that is too small."""
    if value < lowest:
        raise ProposalError(f"--{name} must be at least {lowest}, got {value}.")
