"""Vision transformers from a local folder or a hub: DINOv2, with registers, DINOv3, ViT and their like."""

import copy
import dataclasses
import hashlib
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from winnow.errors import EncoderError
from winnow.features.encoders import EncoderOptions, Sample
from winnow.features.precision import choose_device, choose_precision, torch_dtype
from winnow.features.preprocessing import Preprocessing, read_preprocessing
from winnow.features.regions import Region, crop_region, token_weights
from winnow.features.weights import load_weights

if TYPE_CHECKING:
    import torch

_SMALLEST_ROI_SIDE = 448  # pixels: at 224 a patch of a 640-pixel photo covers 46 pixels, more than many boxes


class TransformerEncoder:
    """CLS tokens of whole images and crops; for `--pool roi` the mean of the patch tokens under each box.

    Tokens are taken from the last hidden state, after the model's final norm: the CLS token first, then register
    tokens (which belong to no place), then patches in row-major order.
    """

    def __init__(
        self, model: "torch.nn.Module", preprocessing: Preprocessing, options: EncoderOptions, precision: str
    ) -> None:
        self._options, self._preprocessing = options, preprocessing
        self.name, self.device = options.model, choose_device(options.device)
        self.is_per_image = options.pool == "roi"
        self.context = options.context
        self._dtype = torch_dtype(precision)
        self._model = model.to(device=self.device, dtype=self._dtype).eval()
        self._patch = _patch_size(model)
        self._input = _roi_input(model, preprocessing, self._patch) if self.is_per_image else preprocessing
        self._extra = _position_argument(model)
        self._grid_hw = (self._input.input_hw[0] // self._patch, self._input.input_hw[1] // self._patch)
        self.recipe: dict[str, Any] = {"pool": options.pool, "context": options.context, "precision": precision}
        self.preprocessing = self._input.as_dict()
        self.width = self._probe()

    def with_precision(self, precision: str) -> "TransformerEncoder":
        """The same model in another precision; this one stays as it is."""
        return TransformerEncoder(copy.deepcopy(self._model), self._preprocessing, self._options, precision)

    def prepare(self, image: Image.Image, regions: list[Region]) -> list[Any]:
        """Crop: (3, h, w) uint8 tensors. Roi: one pair of such a tensor and the regions' (k, 1 + patches) weights."""
        if not self.is_per_image:
            return [self._input.pixels(crop_region(image, region, self.context)) for region in regions]
        weights = [self._weights(region, image.size) for region in regions]
        return [(self._input.pixels(image), np.stack(weights))]

    def encode(self, prepared: list[Any]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            if not self.is_per_image:
                return self._tokens(prepared)[:, 0].float().cpu().numpy()
            tokens = self._places(self._tokens([pixels for pixels, _ in prepared])).float()
            weights = (torch.from_numpy(weights).to(self.device) for _, weights in prepared)
            return torch.cat([share @ token for share, token in zip(weights, tokens, strict=True)]).cpu().numpy()

    def _tokens(self, pixels: list["torch.Tensor"]) -> "torch.Tensor":
        """(b, tokens, d) of b uint8 images of one size."""
        import torch

        batch = self._input.normalise(torch.stack(pixels).to(self.device)).to(self._dtype)
        return self._model(pixel_values=batch, **self._extra).last_hidden_state

    def _places(self, tokens: "torch.Tensor") -> "torch.Tensor":
        """(b, 1 + patches, d): the CLS token and the patches, without registers."""
        import torch

        n_patches = self._grid_hw[0] * self._grid_hw[1]
        return torch.cat([tokens[:, :1], tokens[:, -n_patches:]], dim=1)

    def _weights(self, region: Region, size_wh: tuple[int, int]) -> np.ndarray:
        weights = np.zeros(1 + self._grid_hw[0] * self._grid_hw[1], dtype=np.float32)
        if region is None:
            weights[0] = 1
        else:
            weights[1:] = token_weights(region, size_wh, self._grid_hw)
        return weights

    def _probe(self) -> int:
        """The width of a token; refuses a model whose tokens are not CLS, registers, patches."""
        import torch

        with torch.inference_mode():
            tokens = self._tokens([torch.zeros((3, *self._input.input_hw), dtype=torch.uint8)])
        expected = 1 + getattr(self._model.config, "num_register_tokens", 0) + self._grid_hw[0] * self._grid_hw[1]
        if tokens.ndim != 3 or tokens.shape[1] != expected:
            raise EncoderError(
                f"--model {self.name}: its last hidden state has shape {tuple(tokens.shape)}, Winnow needs (1, "
                f"{expected}, width): a CLS token, registers, patches. Take a DINOv2, DINOv3 or ViT model."
            )
        return int(tokens.shape[2])


def load_transformer(options: EncoderOptions, sample: Sample) -> TransformerEncoder:
    """The encoder with its weights in memory; raises EncoderError with the ways out where they cannot be had."""
    model, processor = load_weights(options.model)
    preprocessing = read_preprocessing(processor, options.model)
    weights = _hash_weights(model)
    exact = TransformerEncoder(model, preprocessing, options, "fp32")
    precision = choose_precision(options.precision, exact, sample)
    encoder = exact if precision == "fp32" else exact.with_precision(precision)
    encoder.recipe = {"weights": weights, **encoder.recipe}
    return encoder


def _hash_weights(model: "torch.nn.Module") -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


def _patch_size(model: "torch.nn.Module") -> int:
    patch = getattr(model.config, "patch_size", None)
    if not isinstance(patch, int):
        raise EncoderError(
            f"The model is a {type(model).__name__} without square patches (patch_size={patch!r}); Winnow reads "
            f"vision transformers such as DINOv2, DINOv3 or ViT."
        )
    return patch


def _roi_input(model: "torch.nn.Module", preprocessing: Preprocessing, patch: int) -> Preprocessing:
    """The whole image stretched to a square: nothing is cut off, and every patch covers the same share of it."""
    side = max(int(getattr(model.config, "image_size", 0)), _SMALLEST_ROI_SIDE) // patch * patch
    return dataclasses.replace(preprocessing, size_hw=(side, side), shortest_edge=None, crop_hw=None)


def _position_argument(model: "torch.nn.Module") -> dict[str, bool]:
    """Plain ViTs interpolate their position table only when told to; the others always do."""
    name = "interpolate_pos_encoding"
    return {name: True} if name in inspect.signature(model.forward).parameters else {}
