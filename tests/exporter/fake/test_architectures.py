"""Whole architectures in fake mode: exported without memory, saved from a checkpoint, and equal to eager."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    ResNetConfig,
    ResNetModel,
    SwinConfig,
    SwinModel,
    ViTConfig,
    ViTModel,
    WhisperConfig,
    WhisperModel,
)

import onnxdx
from onnxdx_diagnostics.report import VerdictOutcome

SIZES = {
    "vocab_size": 120,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "pad_token_id": 0,
}
DECODER = {**SIZES, "num_key_value_heads": 2, "use_cache": False}
TEXT = {"input_ids": {0: "batch", 1: "seq"}}
PICTURE = {"pixel_values": {0: "batch"}}


def ids(*shape: int) -> torch.Tensor:
    return torch.randint(1, 120, shape, generator=torch.Generator().manual_seed(1))


def pictures(size: int) -> torch.Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(1))


@dataclass(frozen=True)
class Case:
    """A model by its name, how it is built, what it is given, and which dims of that may vary."""

    name: str
    build: Callable[[], torch.nn.Module]
    given: Mapping[str, torch.Tensor]
    dims: Mapping[str, Any]
    slow: bool = field(default=False)


CASES = [
    Case("llama", lambda: LlamaForCausalLM(LlamaConfig(**DECODER)), {"input_ids": ids(2, 7)}, TEXT),
    Case(
        "qwen2-tied",
        lambda: Qwen2ForCausalLM(Qwen2Config(**DECODER, tie_word_embeddings=True)),
        {"input_ids": ids(2, 7)},
        TEXT,
        slow=True,
    ),
    Case("bert", lambda: BertModel(BertConfig(**SIZES)), {"input_ids": ids(2, 7)}, TEXT),
    Case(
        "mixtral",
        lambda: MixtralForCausalLM(MixtralConfig(**DECODER, num_local_experts=4)),
        {"input_ids": ids(2, 7)},
        TEXT,
    ),
    Case(
        "vit",
        lambda: ViTModel(ViTConfig(**{**SIZES, "image_size": 16, "patch_size": 8})),
        {"pixel_values": pictures(16)},
        PICTURE,
    ),
    Case(
        "swin",
        lambda: SwinModel(
            SwinConfig(image_size=32, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[2, 2], window_size=4)
        ),
        {"pixel_values": pictures(32)},
        PICTURE,
        slow=True,
    ),
    Case(
        "resnet",
        lambda: ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])),
        {"pixel_values": pictures(32)},
        PICTURE,
        slow=True,
    ),
    Case(
        "whisper",
        lambda: WhisperModel(
            WhisperConfig(
                vocab_size=120,
                d_model=32,
                encoder_layers=1,
                decoder_layers=1,
                encoder_attention_heads=4,
                decoder_attention_heads=4,
                encoder_ffn_dim=32,
                decoder_ffn_dim=32,
                num_mel_bins=8,
                max_source_positions=16,
                pad_token_id=0,
                use_cache=False,
            )
        ),
        {"input_features": torch.rand(2, 8, 32), "decoder_input_ids": ids(2, 5)},
        {"input_features": {0: "batch"}, "decoder_input_ids": {0: "batch", 1: "seq"}},
        slow=True,
    ),
]
PARAMETERS = [
    pytest.param(
        case, dynamic, id=f"{case.name}-{'dynamic' if dynamic else 'static'}", marks=[pytest.mark.slow] * case.slow
    )
    for case in CASES
    for dynamic in (False, True)
]


@pytest.fixture(autouse=True)
def _silent() -> None:
    transformers.logging.set_verbosity_error()


@pytest.mark.parametrize(("case", "dynamic"), PARAMETERS)
def test_an_architecture_is_exported_without_memory_and_proven_with_its_weights(
    case: Case, dynamic: bool, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    real = case.build().eval()
    state = {name: tensor.clone() for name, tensor in real.state_dict().items()}
    save_file(state, tmp_path / "weights.safetensors")
    with onnxdx.enable_fake_mode() as fake:
        model = case.build().eval()

    program = onnxdx.export(
        model,
        (),
        case.given,
        dynamic_shapes=case.dims if dynamic else None,
        options=onnxdx.ExportOptions(fake_context=fake),
    )
    program.save(tmp_path / "model.onnx", model_state=tmp_path / "weights.safetensors")
    program.apply_weights(state)

    assert program.verify().outcome is VerdictOutcome.PROVEN, program.report.verdict
    assert program.report.findings == ()
    with torch.no_grad():
        wanted = program.adapt_torch_outputs_to_onnx(real(**case.given))
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    got = session.run(None, {name: tensor.numpy() for name, tensor in case.given.items()})
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(torch.from_numpy(one), other, rtol=1e-3, atol=1e-4)
