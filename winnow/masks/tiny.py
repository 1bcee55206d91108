"""Tiny SAM: segment_anything's own classes in a small configuration, with weights that the project ships.

The architecture is that of Segment Anything (Kirillov et al. 2023) at 256 pixels; `tiny_training.py` made the weights.
"""

from functools import partial
from pathlib import Path
from typing import Any

from winnow.errors import SegmenterError

WEIGHTS = Path(__file__).with_name("tiny_sam.safetensors")
SIDE = 256  # pixels of the longer side that the encoder sees
MASK_THRESHOLD = -0.5  # of logits; best on generated scenes that neither trained nor measure
_PATCH = 8
_WIDTH = 128
_DEPTH = 6
_PROMPT_WIDTH = 96


def build_tiny_sam() -> Any:
    """The untrained model, a segment_anything.modeling.Sam of 1.6 M parameters."""
    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    encoder = ImageEncoderViT(
        img_size=SIDE,
        patch_size=_PATCH,
        embed_dim=_WIDTH,
        depth=_DEPTH,
        num_heads=2,
        mlp_ratio=3,
        out_chans=_PROMPT_WIDTH,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        use_rel_pos=False,  # a third of the time, at 1,024 patches
        window_size=8,
        global_attn_indexes=(2, 5),
    )
    grid = SIDE // _PATCH
    prompts = PromptEncoder(
        embed_dim=_PROMPT_WIDTH, image_embedding_size=(grid, grid), input_image_size=(SIDE, SIDE), mask_in_chans=16
    )
    decoder = MaskDecoder(
        num_multimask_outputs=3,
        transformer=TwoWayTransformer(depth=2, embedding_dim=_PROMPT_WIDTH, mlp_dim=256, num_heads=4),
        transformer_dim=_PROMPT_WIDTH,
        iou_head_depth=2,
        iou_head_hidden_dim=96,
    )
    sam = Sam(encoder, prompts, decoder)
    sam.mask_threshold = MASK_THRESHOLD
    return sam


def load_tiny_sam(weights: Path = WEIGHTS) -> Any:
    """The trained model in float32, for inference; raises SegmenterError for a file that holds other weights."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    sam = build_tiny_sam()
    try:
        state = load_file(weights)
        sam.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise SegmenterError(
            f"{weights} does not hold the tiny SAM's weights ({reason}). "
            "Restore the file, or train it anew: python -m winnow.masks.tiny_training"
        ) from error
    return sam.eval()
