"""Segmenters of every family, small and untrained."""

from typing import Any

SIDE = 128


def small_sam(seed: int = 0) -> Any:
    """segment_anything's classes."""
    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    torch.manual_seed(seed)
    encoder = ImageEncoderViT(img_size=SIDE, patch_size=16, embed_dim=32, depth=2, num_heads=2, out_chans=32)
    prompts = PromptEncoder(embed_dim=32, image_embedding_size=(8, 8), input_image_size=(SIDE, SIDE), mask_in_chans=4)
    transformer = TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=64, num_heads=2)
    decoder = MaskDecoder(
        num_multimask_outputs=3, transformer=transformer, transformer_dim=32, iou_head_depth=2, iou_head_hidden_dim=32
    )
    return Sam(encoder, prompts, decoder).eval()


_PROMPTS = {"hidden_size": 32, "image_size": SIDE, "patch_size": 16, "mask_input_channels": 4}
_DECODER = {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 2, "iou_head_hidden_dim": 32}


def transformers_sam() -> tuple[Any, Any]:
    import torch
    from transformers import SamConfig, SamImageProcessor, SamModel

    torch.manual_seed(0)
    vision = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE, "patch_size": 16,
        "output_channels": 32, "global_attn_indexes": [1], "window_size": 4, "mlp_dim": 64, "num_pos_feats": 16,
    }  # fmt: skip
    model = SamModel(SamConfig(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_DECODER))
    return model, SamImageProcessor(size={"longest_edge": SIDE}, pad_size={"height": SIDE, "width": SIDE})


def transformers_sam2() -> tuple[Any, Any]:
    import torch
    from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model

    torch.manual_seed(0)
    backbone = {
        "model_type": "sam2_hiera_det_model", "hidden_size": 16, "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [16, 32, 64, 128],
        "num_attention_heads_per_stage": [1, 1, 2, 2], "global_attention_blocks": [3],
    }  # fmt: skip
    vision = {
        "backbone_config": backbone, "backbone_channel_list": [128, 64, 32, 16], "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
    }  # fmt: skip
    model = Sam2Model(Sam2Config(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_DECODER))
    return model, Sam2ImageProcessor(size={"height": SIDE, "width": SIDE})


def transformers_sam3() -> tuple[Any, Any]:
    import torch
    from transformers import Sam3ImageProcessor, Sam3TrackerConfig, Sam3TrackerModel

    torch.manual_seed(0)
    backbone = {
        "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "image_size": SIDE, "patch_size": 16, "window_size": 4, "global_attn_indexes": [1],
        "pretrain_image_size": SIDE,
    }  # fmt: skip
    vision = {
        "model_type": "sam3_vision_model", "backbone_config": backbone, "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
    }  # fmt: skip
    config = Sam3TrackerConfig(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_DECODER)
    return Sam3TrackerModel(config), Sam3ImageProcessor(size={"height": SIDE, "width": SIDE})
