"""Encoders: what turns a region of an image into a vector, chosen by the name given to `--model`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL import Image

from winnow.errors import EncoderError
from winnow.features.classic import NAME as CLASSIC
from winnow.features.classic import ClassicEncoder
from winnow.features.regions import Region

POOLS = ("crop", "roi")
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True)
class EncoderOptions:
    """What was asked for; `context` is the margin around a crop as a share of the box's longer side."""

    model: str
    pool: str = "crop"
    context: float = 0.0
    device: str = "auto"
    precision: str = "auto"


class Encoder(Protocol):
    """`prepare` runs in worker threads, once for some regions of one decoded image; `encode` runs on a whole batch."""

    name: str
    device: str
    width: int
    is_per_image: bool  # batches count images instead of regions
    recipe: dict[str, Any]  # all that decides a vector besides the region and `preprocessing`
    preprocessing: dict[str, Any]

    def prepare(self, image: Image.Image, regions: list[Region]) -> list[Any]:
        """Model input for regions that touch the image."""

    def encode(self, prepared: list[Any]) -> np.ndarray:
        """(k, d) float32: a vector for each region that was prepared, in order."""


Sample = Callable[[], list[tuple[Image.Image, Region]]]
Load = Callable[[EncoderOptions, Sample], Encoder]


def load_encoder(options: EncoderOptions, sample: Sample) -> Encoder:
    """The encoder that `options.model` names: `classic`, a local folder or a hub name; raises EncoderError.

    `sample` gives some RGB images with regions, on which `--precision auto` is decided; it is called only for that.
    """
    _check(options)
    if options.model == CLASSIC:
        return ClassicEncoder(options.context)
    from winnow.features.transformer import load_transformer  # torch and transformers, only where they are needed

    return load_transformer(options, sample)


def _check(options: EncoderOptions) -> None:
    if not 0 <= options.context <= 10:
        raise EncoderError(f"--context must lie in 0 … 10, got {options.context}.")
    if options.pool == "roi" and options.context:
        raise EncoderError("--context belongs to --pool crop; --pool roi averages the patches under the box itself.")
    if options.model == CLASSIC and (options.pool, options.device, options.precision) != ("crop", "auto", "auto"):
        raise EncoderError(
            "--model classic has no patches to pool and no weights: it takes --pool crop and knows no "
            f"--device or --precision, got {options.pool}, {options.device}, {options.precision}."
        )
