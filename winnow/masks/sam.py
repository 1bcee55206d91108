"""Segment Anything (Kirillov et al. 2023) by segment-anything's own classes: ViT-B, L and H, and the tiny SAM."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np

from winnow.errors import SegmenterError
from winnow.masks.promptable import PromptedNetwork, fingerprint_of_weights
from winnow.masks.tiny import WEIGHTS, load_tiny_sam

KINDS = ("vit_b", "vit_l", "vit_h")  # as segment-anything's checkpoints are named: sam_vit_b_01ec64.pth


class SamNetwork:
    """`sam` is a segment_anything.Sam of any size."""

    keeps_shape = True

    def __init__(self, sam: Any) -> None:
        self._sam = sam.eval()
        self.side: int = sam.image_encoder.img_size
        self._positions: Any = None

    def encode(self, image_hwc: np.ndarray) -> dict[str, Any]:
        """The image's features (1, c, g, g) as "image"."""
        import torch
        from segment_anything.utils.transforms import ResizeLongestSide

        resized = ResizeLongestSide(self.side).apply_image(image_hwc)
        pixels = torch.from_numpy(np.ascontiguousarray(resized.transpose(2, 0, 1)))[None].to(self._sam.device)
        return {"image": self._sam.image_encoder(self._sam.preprocess(pixels))}

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

        sam, device = self._sam, self._sam.device
        is_box = labels >= 2
        boxes = torch.from_numpy(points[is_box].reshape(-1, 4)).to(device) if is_box.any() else None
        inside = (
            torch.from_numpy(points[~is_box])[None].to(device),
            torch.from_numpy(labels[~is_box])[None].to(device),
        )
        mask = None if earlier is None else torch.from_numpy(earlier)[None, None].to(device)
        sparse, dense = sam.prompt_encoder(points=None if is_box.all() else inside, boxes=boxes, masks=mask)
        if self._positions is None:  # the same for every image
            self._positions = sam.prompt_encoder.get_dense_pe()
        masks, claimed = sam.mask_decoder(
            image_embeddings=features["image"].to(device), image_pe=self._positions, sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense, multimask_output=several,
        )  # fmt: skip
        return (masks[0].float() - sam.mask_threshold).cpu().numpy(), claimed[0].float().cpu().numpy()

    def low_side(self) -> int:
        """As `Network.low_side`."""
        return int(self._sam.prompt_encoder.mask_input_size[0])


def prompted_sam(sam: Any, name: str) -> PromptedNetwork:
    """A segment_anything.Sam of any size as a promptable segmenter."""
    return PromptedNetwork(SamNetwork(sam), name=name, fingerprint=fingerprint_of_weights(sam))


def load_tiny(weights: Path = WEIGHTS) -> PromptedNetwork:
    """The tiny SAM, with the weights that come with Winnow or others; raises SegmenterError where they are damaged."""
    return prompted_sam(load_tiny_sam(weights), "tiny")


def load_sam(kind: str, checkpoint: Path, device: str) -> PromptedNetwork:
    """Meta's weights of `kind` (one of KINDS); raises SegmenterError for a file that is no checkpoint of this kind."""
    return prompted_sam(sam_of(kind, checkpoint).to(device), checkpoint.name)


def sam_of(kind: str, checkpoint: Path) -> Any:
    """The segment_anything.Sam itself, on the CPU; raises SegmenterError as `load_sam`."""
    from segment_anything import sam_model_registry

    state = read_state(checkpoint)
    sam = sam_model_registry[kind]()
    load_state(sam, state, checkpoint, f"segment-anything's {kind}")
    return sam


def read_state(checkpoint: Path) -> dict[str, Any]:
    """The weights by name in a torch file; only tensors are loaded, no code in it is run. Raises SegmenterError."""
    import torch

    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling a file that is no checkpoint raises anything
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        if isinstance(error, UnpicklingError):  # torch says how to run the code in it, which nobody should
            reason = "it is no torch file of weights alone"
        raise SegmenterError(
            f"{checkpoint} is no checkpoint that can be loaded ({reason}). Copy it again, or choose another."
        ) from error
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]  # as the SAM 2 checkpoints have it
    if not isinstance(state, dict):
        raise SegmenterError(f"{checkpoint} holds no weights by name. Copy it again, or choose another.")
    return state


def load_state(network: Any, state: dict[str, Any], checkpoint: Path, what: str) -> None:
    """Put the weights into the network; raises SegmenterError where they are another model's."""
    try:
        network.load_state_dict(state)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise SegmenterError(
            f"{checkpoint} does not hold the weights of {what}: they have other names or sizes. Winnow tells models by "
            "the names of their files: give the file the name that it was published under, or choose another."
        ) from error
