"""Vision models of transformers, tiny and with random weights. Images have a fixed size, the batch is dynamic."""

from __future__ import annotations

from typing import Any

import torch
import transformers as hf
from torch.export import Dim

from zoo.entry import Sample, entry
from zoo.inputs import BATCH, SEQUENCE, VOCABULARY, image, padding_mask, token_ids

SMALL: dict[str, Any] = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}


@entry("batch")
def vit() -> Sample:
    return image(hf.ViTForImageClassification(hf.ViTConfig(**SMALL)))


@entry("batch")
def vit_at_another_size() -> Sample:
    """Position embeddings interpolated from 32 to 48 pixels."""
    return image(hf.ViTModel(hf.ViTConfig(**SMALL)), size=48, interpolate_pos_encoding=True)


@entry("batch")
def deit() -> Sample:
    return image(hf.DeiTForImageClassificationWithTeacher(hf.DeiTConfig(**SMALL)))


@entry("batch")
def beit() -> Sample:
    config = hf.BeitConfig(**SMALL, use_relative_position_bias=True)
    return image(hf.BeitModel(config))


@entry("batch")
def dinov2() -> Sample:
    config = hf.Dinov2Config(
        image_size=32, patch_size=8, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, mlp_ratio=2
    )
    return image(hf.Dinov2Model(config))


@entry("batch")
def swin() -> Sample:
    config = hf.SwinConfig(
        image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4, mlp_ratio=2.0
    )
    return image(hf.SwinForImageClassification(config))


@entry("batch")
def swinv2() -> Sample:
    config = hf.Swinv2Config(
        image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4, mlp_ratio=2.0
    )
    return image(hf.Swinv2Model(config))


@entry("batch")
def convnext() -> Sample:
    config = hf.ConvNextConfig(hidden_sizes=[16, 24, 32, 48], depths=[1, 1, 2, 1])
    return image(hf.ConvNextForImageClassification(config), size=64)


@entry("batch", quick=True)
def resnet() -> Sample:
    config = hf.ResNetConfig(embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1])
    return image(hf.ResNetForImageClassification(config), size=64)


@entry("batch")
def mobilenet_v2() -> Sample:
    return image(hf.MobileNetV2ForImageClassification(hf.MobileNetV2Config(depth_multiplier=0.25)), size=64)


@entry("batch")
def efficientnet() -> Sample:
    config = hf.EfficientNetConfig(
        image_size=64,
        width_coefficient=0.25,
        depth_coefficient=0.25,
        hidden_dim=320,
    )
    return image(hf.EfficientNetModel(config), size=64)


@entry("batch")
def regnet() -> Sample:
    config = hf.RegNetConfig(embedding_size=16, hidden_sizes=[16, 32], depths=[1, 1], groups_width=8)
    return image(hf.RegNetModel(config), size=64)


@entry("batch")
def segformer() -> Sample:
    config = hf.SegformerConfig(
        num_encoder_blocks=4,
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 24, 32],
        num_attention_heads=[1, 2, 2, 4],
        decoder_hidden_size=32,
    )
    return image(hf.SegformerForSemanticSegmentation(config), size=64)


@entry("batch")
def mobilevit() -> Sample:
    config = hf.MobileViTConfig(
        image_size=64,
        hidden_sizes=[32, 40, 48],
        neck_hidden_sizes=[8, 16, 24, 32, 40, 48, 64],
        num_attention_heads=4,
    )
    return image(hf.MobileViTForImageClassification(config), size=64)


@entry("batch")
def poolformer() -> Sample:
    config = hf.PoolFormerConfig(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1])
    return image(hf.PoolFormerModel(config), size=64)


@entry("batch")
def dpt() -> Sample:
    """Depth estimation: features of four layers, reassembled and fused at several sizes."""
    config = hf.DPTConfig(
        **{**SMALL, "num_hidden_layers": 4},
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 16, 24, 32],
        fusion_hidden_size=16,
    )
    return image(hf.DPTForDepthEstimation(config))


@entry("batch")
def yolos() -> Sample:
    return image(
        hf.YolosForObjectDetection(hf.YolosConfig(**{**SMALL, "image_size": [32, 32]}, num_detection_tokens=5))
    )


@entry("batch")
def detr() -> Sample:
    """Object detection on a ResNet backbone of transformers."""
    backbone = hf.ResNetConfig(
        embedding_size=16, hidden_sizes=[16, 16, 32, 32], depths=[1, 1, 1, 1], out_features=["stage4"]
    )
    config = hf.DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_queries=5,
    )
    return image(hf.DetrForObjectDetection(config), size=64)


@entry("batch", "sequence")
def clip() -> Sample:
    """Texts against images: two encoders, and similarity in both directions."""
    text_config = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 64,
        "eos_token_id": 2,
    }
    config = hf.CLIPConfig(text_config=text_config, vision_config=SMALL, projection_dim=16)
    texts = {0: Dim("texts", max=64), 1: Dim("sequence", max=64)}
    return Sample(
        hf.CLIPModel(config),
        kwargs={
            "input_ids": token_ids(batch=3),
            "attention_mask": padding_mask(batch=3),
            "pixel_values": torch.randn(BATCH, 3, 32, 32),
        },
        dynamic_shapes={"input_ids": texts, "attention_mask": texts, "pixel_values": {0: Dim("images", max=64)}},
    )


@entry("batch", "sequence")
def siglip_text() -> Sample:
    config = hf.SiglipTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        projection_size=32,
    )
    shape = {0: Dim("batch", max=64), 1: Dim("sequence", max=64)}
    return Sample(
        hf.SiglipTextModel(config),
        args=(token_ids(sequence=SEQUENCE),),
        dynamic_shapes={"input_ids": shape},
    )
