"""Crops to model input: the resize, centre crop and normalisation that a model's own processor file asks for."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from winnow.errors import EncoderError

if TYPE_CHECKING:
    import torch

_MODES = {0: "nearest", 2: "bilinear", 3: "bicubic"}  # Pillow's number -> torch's name


@dataclass(frozen=True)
class Preprocessing:
    """How pixels become input: stretched to `size_hw`, or to `shortest_edge` and then cut to `crop_hw`."""

    size_hw: tuple[int, int] | None
    shortest_edge: int | None
    crop_hw: tuple[int, int] | None
    resample: str
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def input_hw(self) -> tuple[int, int]:
        hw = self.crop_hw or self.size_hw
        if hw is None:
            raise EncoderError(
                "The model's preprocessor_config.json fixes no input size (height and width, or a crop)."
            )
        return hw

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def pixels(self, image: Image.Image) -> "torch.Tensor":
        """(3, h, w) uint8 of an RGB image, bit for bit what the torchvision processor's resize and crop give."""
        import torch

        if self.shortest_edge:
            image = _without_far_ends(image)
        chw = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        size_hw = self.size_hw or _edge_size(chw.shape[1:], self.shortest_edge)
        if size_hw and tuple(chw.shape[1:]) != size_hw:
            chw = _resize(chw, size_hw, self.resample)
        return _center_crop(chw, self.crop_hw) if self.crop_hw else chw

    def normalise(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """(b, 3, h, w) float32 of (b, 3, h, w) uint8."""
        import torch

        # one multiplication and one addition a pixel instead of rescaling first
        mean, std = (torch.tensor(values, device=pixels.device).view(-1, 1, 1) for values in (self.mean, self.std))
        return pixels.float().mul(self.scale / std).sub(mean / std)


def read_preprocessing(processor: dict[str, Any], source: str) -> Preprocessing:
    """The settings of an image processor (its `to_dict()`); EncoderError for what Winnow does not do."""
    size, crop = dict(processor.get("size") or {}), dict(processor.get("crop_size") or {})
    size = {key: value for key, value in size.items() if value is not None}
    if not processor.get("do_resize", True):
        size = {}
    resample = int(processor.get("resample", 3))
    does_crop = bool(processor.get("do_center_crop"))
    if processor.get("do_pad") or set(size) not in ({"height", "width"}, {"shortest_edge"}) or resample not in _MODES:
        raise EncoderError(
            f"{source}: its preprocessor_config.json asks for size={size}, resample={resample}, "
            f"do_pad={bool(processor.get('do_pad'))}; Winnow resizes to height and width or to a shortest edge, "
            f"by nearest, bilinear or bicubic resampling, without padding. Use another model, or `--model classic`."
        )
    ones, zeros = (1.0,) * 3, (0.0,) * 3
    does_normalise = bool(processor.get("do_normalize", True))
    settings = Preprocessing(
        size_hw=(int(size["height"]), int(size["width"])) if "height" in size else None,
        shortest_edge=int(size["shortest_edge"]) if "shortest_edge" in size else None,
        crop_hw=(int(crop["height"]), int(crop["width"])) if does_crop else None,
        resample=_MODES[resample],
        scale=float(processor.get("rescale_factor", 1 / 255)) if processor.get("do_rescale", True) else 1.0,
        mean=tuple(processor["image_mean"]) if does_normalise else zeros,
        std=tuple(processor["image_std"]) if does_normalise else ones,
    )
    settings.input_hw  # noqa: B018 - refuses a processor without a fixed input size here, not at the first image
    return settings


def _without_far_ends(image: Image.Image) -> Image.Image:
    # A sliver of 1 × 2000 pixels would become 256 × 512,000 before its middle is cut out.
    longest = 16 * min(image.size)
    left, top = max(image.width - longest, 0) // 2, max(image.height - longest, 0) // 2
    return image.crop((left, top, image.width - left, image.height - top)) if left or top else image


def _edge_size(hw: "torch.Size", shortest_edge: int | None) -> tuple[int, int] | None:
    if shortest_edge is None:
        return None
    height, width = hw
    short, long = min(height, width), max(height, width)
    other = int(shortest_edge * long / short)
    return (shortest_edge, other) if height <= width else (other, shortest_edge)


def _resize(chw: "torch.Tensor", size_hw: tuple[int, int], mode: str) -> "torch.Tensor":
    import torch.nn.functional as F

    if mode == "nearest":
        return F.interpolate(chw[None], size=size_hw, mode=mode)[0]
    return F.interpolate(chw[None], size=size_hw, mode=mode, antialias=True, align_corners=False)[0]


def _center_crop(chw: "torch.Tensor", crop_hw: tuple[int, int]) -> "torch.Tensor":
    import torch.nn.functional as F

    (height, width), (crop_h, crop_w) = chw.shape[1:], crop_hw
    pad_h, pad_w = max(crop_h - height, 0), max(crop_w - width, 0)
    if pad_h or pad_w:
        chw = F.pad(chw, (pad_w // 2, (pad_w + 1) // 2, pad_h // 2, (pad_h + 1) // 2))
        height, width = chw.shape[1:]
    top, left = int((height - crop_h) / 2), int((width - crop_w) / 2)
    return chw[:, top : top + crop_h, left : left + crop_w]
