"""SAM, SAM 2 and SAM 3 by transformers: a folder in its format, or a name on the hub."""

from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import SegmenterError
from winnow.masks.promptable import PromptedNetwork, fingerprint_of_weights


class TransformersNetwork:
    """`model` is a SamModel, Sam2Model or Sam3TrackerModel, `processor` its image processor."""

    def __init__(self, model: Any, processor: Any, device: str) -> None:
        self._model = model.eval().to(device)
        self._processor = processor
        self._device = device
        self.keeps_shape = model.config.model_type == "sam"  # the later ones squeeze the image into the square
        prompts = model.config.prompt_encoder_config
        self.side = _side(prompts.image_size)
        self._low_side = 4 * (self.side // _side(prompts.patch_size))

    def encode(self, image_hwc: np.ndarray) -> dict[str, Any]:
        """The image's features, one entry a level, the coarsest last."""
        pixels = self._processor(images=image_hwc, return_tensors="pt")["pixel_values"].to(self._device)
        features = self._model.get_image_embeddings(pixels)
        levels = features if isinstance(features, list | tuple) else [features]
        return {f"level{i}": level for i, level in enumerate(levels)}

    def decode(
        self,
        features: dict[str, Any],
        points: np.ndarray,
        labels: np.ndarray,
        earlier: np.ndarray | None,
        several: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Network.decode`."""
        import torch

        levels = [features[name].to(self._device) for name in sorted(features)]
        is_box = labels >= 2
        prompt: dict[str, Any] = {}
        if is_box.any():
            prompt["input_boxes"] = torch.from_numpy(points[is_box].reshape(1, 1, 4)).to(self._device)
        if not is_box.all():
            prompt["input_points"] = torch.from_numpy(points[~is_box])[None, None].to(self._device)
            prompt["input_labels"] = torch.from_numpy(labels[~is_box])[None, None].int().to(self._device)
        if earlier is not None:
            prompt["input_masks"] = torch.from_numpy(earlier)[None, None].to(self._device)
        found = self._model(
            image_embeddings=levels[0] if self.keeps_shape else levels, multimask_output=several, **prompt
        )
        return found.pred_masks[0, 0].float().cpu().numpy(), found.iou_scores[0, 0].float().cpu().numpy()

    def low_side(self) -> int:
        """As `Network.low_side`."""
        return self._low_side


def load_transformers_sam(source: str, device: str) -> PromptedNetwork:
    """The model of a folder, of the hub's cache, or of the hub; raises SegmenterError."""
    from transformers import AutoImageProcessor, AutoModelForMaskGeneration
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        processor = AutoImageProcessor.from_pretrained(source)
        model, report = AutoModelForMaskGeneration.from_pretrained(source, output_loading_info=True)
    except Exception as error:  # transformers, safetensors and the hub's client raise anything over a broken folder
        raise SegmenterError(
            f"{source} cannot be loaded ({str(error).splitlines()[0][:200]}). Give a folder with config.json, "
            "model.safetensors and preprocessor_config.json of a SAM, SAM 2 or SAM 3, or a name on the hub where it "
            "can be reached."
        ) from error
    missing = sorted(report["missing_keys"])
    if missing:
        raise SegmenterError(f"{source} lacks the weights {', '.join(missing[:5])} … Copy the folder again.")
    return prompted_transformers(model, processor, Path(source).name, device)


def prompted_transformers(model: Any, processor: Any, name: str, device: str) -> PromptedNetwork:
    """A model of transformers as a promptable segmenter."""
    network = TransformersNetwork(model, processor, device)
    return PromptedNetwork(network, name=name, fingerprint=fingerprint_of_weights(model))


def _side(size: int | list[int] | tuple[int, int]) -> int:
    return size if isinstance(size, int) else int(size[0])
