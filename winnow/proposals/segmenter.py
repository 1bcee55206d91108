"""segment-anything's automatic mask generator as a source of proposals: everything in the image, without a class."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import DetectorError, SegmenterError
from winnow.masks.rle import Rle, box_of
from winnow.masks.sam import KINDS, sam_of
from winnow.masks.tiny import WEIGHTS, load_tiny_sam
from winnow.pool.index import fingerprint_of
from winnow.proposals.detections import Detections, check_at_least, check_range

TINY = "tiny"  # Winnow's own, whose weights come with it
SEGMENTERS = (TINY, *KINDS)
CLASS = "object"


@dataclass(frozen=True)
class SegmenterOptions:
    """The settings of SamAutomaticMaskGenerator, with its own defaults; `device` as torch names it, or auto."""

    points_per_side: int = 32
    points_per_batch: int = 64
    pred_iou_thresh: float = 0.88
    stability_score_thresh: float = 0.95
    stability_score_offset: float = 1.0
    box_nms_thresh: float = 0.7
    crop_n_layers: int = 0
    crop_nms_thresh: float = 0.7
    crop_overlap_ratio: float = 512 / 1500
    crop_n_points_downscale_factor: int = 1
    min_mask_region_area: int = 0
    device: str = "auto"


def load_segmenter(
    kind: str, checkpoint: Path | None, options: SegmenterOptions, source: str | None = None
) -> "SamSegmenter":
    """The segmenter with Meta's weights, or the tiny one, which needs no checkpoint.

    Only tensors are loaded from the file: no code in it is run.

    Raises:
        DetectorError: the file is no checkpoint of this kind.
        SegmenterError: the tiny one's weights are damaged.
    """
    if kind not in SEGMENTERS:
        raise DetectorError(f"There is no segmenter {kind!r}; there are {', '.join(SEGMENTERS)}.")
    if kind == TINY:
        weights = checkpoint or WEIGHTS
        return SamSegmenter(
            load_tiny_sam(weights), options, source=source or "sam-tiny", weights=fingerprint_of(weights)
        )
    if checkpoint is None:
        raise DetectorError(
            f"--segmenter {kind} needs its weights: add --checkpoint sam_{kind}.pth, or where they lie."
        )
    sam = _load_sam(kind, checkpoint)
    return SamSegmenter(sam, options, source=source or f"sam-{kind}", weights=fingerprint_of(checkpoint))


def _load_sam(kind: str, checkpoint: Path) -> Any:
    if not checkpoint.is_file():
        raise DetectorError(
            f"{checkpoint}: there is no such file. Give --checkpoint the weights of segment-anything's {kind}, "
            "which its README at github.com/facebookresearch/segment-anything links to."
        )
    try:
        return sam_of(kind, checkpoint)
    except SegmenterError as error:
        raise DetectorError(f"{error} Or give the --segmenter that it belongs to ({', '.join(KINDS)}).") from error


class SamSegmenter:
    """Proposes what a grid of points yields; `sam` is a segment_anything.Sam of any size."""

    batch = 1  # the generator takes one image at a time

    def __init__(self, sam: Any, options: SegmenterOptions, *, source: str, weights: str) -> None:
        import torch
        from segment_anything import SamAutomaticMaskGenerator

        _check(options)
        settings = asdict(options)
        device = settings.pop("device")
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            sam = sam.to(device).eval()
        except (RuntimeError, AssertionError) as error:
            raise DetectorError(f"--device {device} cannot be used: {str(error).splitlines()[0]}") from error
        self._generator = SamAutomaticMaskGenerator(sam, **settings, output_mode="coco_rle")
        self.source = source
        self.recipe: dict[str, Any] = {**settings, "source": source, "weights": weights}

    def detect(self, images_hwc: list[np.ndarray]) -> list[Detections]:
        """The proposals of each image (h, w, 3) uint8 RGB, best predicted IoU first."""
        return [self._detect(image) for image in images_hwc]

    def _detect(self, image_hwc: np.ndarray) -> Detections:
        try:
            found = self._generator.generate(image_hwc)
        except RuntimeError as error:
            reason = str(error).splitlines()[0][:300]
            raise DetectorError(
                f"{self.source} broke off ({reason}). Lower --points-per-batch where memory ran out."
            ) from error
        found.sort(key=lambda region: -region["predicted_iou"])
        masks = [Rle(tuple(region["segmentation"]["size"]), region["segmentation"]["counts"]) for region in found]
        # not the generator's bbox, which leaves out the last row and column
        kept = [(mask, box, region) for mask, region in zip(masks, found, strict=True) if (box := box_of(mask))]
        return Detections(
            np.array([box for _, box, _ in kept], float).reshape(-1, 4),
            np.clip([region["predicted_iou"] for _, _, region in kept], 0.0, 1.0),
            [CLASS] * len(kept),
            [mask for mask, _, _ in kept],
            [float(region["stability_score"]) for _, _, region in kept],
        )


def _check(options: SegmenterOptions) -> None:
    for name in ("pred_iou_thresh", "stability_score_thresh", "box_nms_thresh", "crop_nms_thresh"):
        check_range(name.replace("_", "-"), getattr(options, name), 0, 1)
    check_range("crop-overlap-ratio", options.crop_overlap_ratio, 0, 0.99)
    check_range("crop-n-layers", options.crop_n_layers, 0, 8)
    for name in ("points_per_side", "points_per_batch", "crop_n_points_downscale_factor"):
        check_at_least(name.replace("_", "-"), getattr(options, name), 1)
    check_at_least("min-mask-region-area", options.min_mask_region_area, 0)
