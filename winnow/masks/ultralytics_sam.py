"""MobileSAM (Zhang et al. 2023), SAM 2 (Ravi et al. 2024) and SAM 3 (Meta 2025) by ultralytics' own classes."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from winnow.errors import SegmenterError
from winnow.masks.promptable import PromptedNetwork, fingerprint_of_weights
from winnow.masks.sam import load_state, read_state

# what tells SAM 2.1 from SAM 2 has to do with the frames of a film, and no part in masks of one image
_OF_FILMS = ("no_obj_embed_spatial", "obj_ptr_tpos_proj.")


class UltralyticsNetwork:
    """`predictor` is ultralytics' Predictor, SAM2Predictor or SAM3Predictor with its model set up."""

    keeps_shape = True

    def __init__(self, predictor: Any, side: int) -> None:
        self.side = side
        self._predictor = predictor
        predictor.imgsz = (side, side)
        predictor._bb_feat_sizes = [(int(side / predictor.stride * finer),) * 2 for finer in (4, 2, 1)]  # SAM 2 and 3
        predictor.model.set_imgsz((side, side))

    def encode(self, image_hwc: np.ndarray) -> dict[str, Any]:
        """The image's features as "image", and for SAM 2 and 3 finer ones as "fine0" and "fine1"."""
        pixels = self._predictor.preprocess([np.ascontiguousarray(image_hwc[..., ::-1])])
        features = self._predictor.get_im_features(pixels)
        if not isinstance(features, dict):
            return {"image": features}
        fine = {f"fine{i}": level for i, level in enumerate(features["high_res_feats"])}
        return {"image": features["image_embed"], **fine}

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

        device = self._predictor.device
        xy, inside = torch.from_numpy(points)[None].to(device), torch.from_numpy(labels)[None].to(device)
        mask = None if earlier is None else torch.from_numpy(earlier)[None, None].to(device)
        known = {name: tensor.to(device) for name, tensor in features.items()}
        if "fine0" in known:
            found = {"image_embed": known["image"], "high_res_feats": [known["fine0"], known["fine1"]]}
            prompt = (xy, inside) if len(points) else (None, None)
            masks, claimed = self._predictor._inference_features(found, *prompt, mask, several)
        else:
            is_box = labels >= 2
            box = xy[:, is_box].reshape(-1, 4) if is_box.any() else None
            prompt = (None, None) if is_box.all() else (xy[:, ~is_box], inside[:, ~is_box])
            masks, claimed = self._predictor._inference_features(known["image"], box, *prompt, mask, several)
        return masks.float().cpu().numpy(), claimed.float().cpu().numpy()

    def low_side(self) -> int:
        """As `Network.low_side`."""
        model = self._predictor.model
        encoder = model.prompt_encoder if hasattr(model, "prompt_encoder") else model.sam_prompt_encoder
        return int(encoder.mask_input_size[0])


def load_ultralytics_sam(checkpoint: Path, device: str) -> PromptedNetwork:
    """The model that the file is named after (mobile_sam.pt, sam2.1_t.pt …); raises SegmenterError.

    No code in the file is run, and nothing is downloaded.
    """
    os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.gettempdir())  # ultralytics writes its settings when imported
    from ultralytics.models.sam import build

    state = read_state(checkpoint)
    if checkpoint.name.startswith("sam3"):
        return _load_sam3(checkpoint, state, device)
    if checkpoint.name.startswith("mobile_sam"):
        model = build.build_mobile_sam()
    else:
        size = checkpoint.stem.rsplit("_", 1)[-1]
        model = {"t": build.build_sam2_t, "s": build.build_sam2_s, "b": build.build_sam2_b, "l": build.build_sam2_l}[
            size
        ]()
        state = {name: tensor for name, tensor in state.items() if not name.startswith(_OF_FILMS)}
    load_state(model, state, checkpoint, checkpoint.stem)
    return prompted_ultralytics(model, checkpoint.name, device)


def prompted_ultralytics(model: Any, name: str, device: str, side: int | None = None) -> PromptedNetwork:
    """ultralytics' SAMModel, SAM2Model or SAM3Model as a promptable segmenter; `side` is its own unless it is given."""
    from ultralytics.models.sam.modules.sam import SAM2Model, SAM3Model
    from ultralytics.models.sam.predict import Predictor, SAM2Predictor, SAM3Predictor

    kind = Predictor
    if isinstance(model, SAM2Model):
        kind = SAM3Predictor if isinstance(model, SAM3Model) else SAM2Predictor
    side = side or (1008 if kind is SAM3Predictor else 1024)
    predictor = kind(overrides={"device": device, "imgsz": side, "verbose": False, "save": False})
    predictor.setup_model(model, verbose=False)
    return PromptedNetwork(UltralyticsNetwork(predictor, side), name=name, fingerprint=fingerprint_of_weights(model))


def _load_sam3(checkpoint: Path, state: dict[str, Any], device: str) -> PromptedNetwork:
    """ultralytics' loader renames the weights and takes whatever fits: whether they are SAM 3's is asked before."""
    needed = ("sam_prompt_encoder.", "sam_mask_decoder.", "backbone.vision_backbone.")
    lacking = [part for part in needed if not any(part in name for name in state)]
    if lacking:
        raise SegmenterError(
            f"{checkpoint} does not hold the weights of SAM 3: there are none of {', '.join(lacking)}. Copy the file "
            "that was published as sam3.pt, or choose another."
        )
    from ultralytics.models.sam.build_sam3 import build_interactive_sam3

    return prompted_ultralytics(build_interactive_sam3(str(checkpoint)), checkpoint.name, device)
