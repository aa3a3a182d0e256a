"""Causal language models of transformers, tiny and with random weights."""

from __future__ import annotations

from typing import Any

import torch
import transformers as hf
from torch.export import Dim

from zoo.entry import Sample, entry
from zoo.inputs import BATCH, VOCABULARY, text, token_ids

SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}
GROUPED: dict[str, Any] = {**SMALL, "num_key_value_heads": 2}


@entry("batch", "sequence", quick=True)
def llama() -> Sample:
    return text(hf.LlamaForCausalLM(hf.LlamaConfig(**GROUPED)), use_cache=False)


@entry("batch", "sequence")
def mistral() -> Sample:
    return text(hf.MistralForCausalLM(hf.MistralConfig(**GROUPED, sliding_window=16)), use_cache=False)


@entry("batch", "sequence")
def qwen2() -> Sample:
    return text(hf.Qwen2ForCausalLM(hf.Qwen2Config(**GROUPED)), use_cache=False)


@entry("batch", "sequence")
def qwen3() -> Sample:
    return text(hf.Qwen3ForCausalLM(hf.Qwen3Config(**GROUPED, head_dim=8)), use_cache=False)


@entry("batch", "sequence")
def gemma() -> Sample:
    return text(hf.GemmaForCausalLM(hf.GemmaConfig(**GROUPED, head_dim=8)), use_cache=False)


@entry("batch", "sequence")
def gemma2() -> Sample:
    return text(hf.Gemma2ForCausalLM(hf.Gemma2Config(**GROUPED, head_dim=8, sliding_window=4)), use_cache=False)


@entry("batch", "sequence")
def gemma3() -> Sample:
    config = hf.Gemma3TextConfig(**GROUPED, head_dim=8, sliding_window=4)
    return text(hf.Gemma3ForCausalLM(config), use_cache=False)


@entry("batch", "sequence")
def phi() -> Sample:
    return text(hf.PhiForCausalLM(hf.PhiConfig(**SMALL)), use_cache=False)


@entry("batch", "sequence")
def phi3() -> Sample:
    return text(hf.Phi3ForCausalLM(hf.Phi3Config(**GROUPED, pad_token_id=0)), use_cache=False)


@entry("batch", "sequence")
def stablelm() -> Sample:
    return text(hf.StableLmForCausalLM(hf.StableLmConfig(**SMALL, num_key_value_heads=4)), use_cache=False)


@entry("batch", "sequence")
def olmo2() -> Sample:
    return text(hf.Olmo2ForCausalLM(hf.Olmo2Config(**GROUPED)), use_cache=False)


@entry("batch", "sequence")
def cohere() -> Sample:
    return text(hf.CohereForCausalLM(hf.CohereConfig(**GROUPED)), use_cache=False)


@entry("batch", "sequence", quick=True)
def gpt2() -> Sample:
    config = hf.GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64)
    return text(hf.GPT2LMHeadModel(config), use_cache=False)


@entry("batch", "sequence")
def gpt_neo() -> Sample:
    config = hf.GPTNeoConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_layers=2,
        num_heads=4,
        attention_types=[[["global", "local"], 1]],
        window_size=8,
        max_position_embeddings=64,
    )
    return text(hf.GPTNeoForCausalLM(config), longest=63, use_cache=False)


@entry("batch", "sequence")
def gpt_neox() -> Sample:
    return text(hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**SMALL)), use_cache=False)


@entry("batch", "sequence")
def gptj() -> Sample:
    config = hf.GPTJConfig(
        vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64, rotary_dim=4, n_inner=64
    )
    return text(hf.GPTJForCausalLM(config), use_cache=False)


@entry("batch", "sequence")
def opt() -> Sample:
    config = hf.OPTConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=64,
        max_position_embeddings=64,
        word_embed_proj_dim=32,
    )
    return text(hf.OPTForCausalLM(config), use_cache=False)


@entry("batch", "sequence")
def bloom() -> Sample:
    config = hf.BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=4)
    return text(hf.BloomForCausalLM(config), use_cache=False)


@entry("batch", "sequence")
def falcon() -> Sample:
    config = hf.FalconConfig(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_attention_heads=4)
    return text(hf.FalconForCausalLM(config), use_cache=False)


@entry("batch", "sequence")
def mpt() -> Sample:
    config = hf.MptConfig(vocab_size=VOCABULARY, d_model=32, n_layers=2, n_heads=4, max_seq_len=64)
    return text(hf.MptForCausalLM(config), longest=63, use_cache=False)


@entry("batch", "sequence")
def mixtral() -> Sample:
    """Its experts as one batched product; `qwen2_moe` keeps the default, an operator of transformers."""
    config = hf.MixtralConfig(
        **GROUPED, num_local_experts=4, num_experts_per_tok=2, experts_implementation="batched_mm"
    )
    return text(hf.MixtralForCausalLM(config), use_cache=False)


@entry("batch", "sequence")
def qwen2_moe() -> Sample:
    config = hf.Qwen2MoeConfig(
        **GROUPED,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=32,
        shared_expert_intermediate_size=32,
    )
    return text(hf.Qwen2MoeForCausalLM(config), use_cache=False)


@entry("batch")
def mamba() -> Sample:
    """Its scan is a Python loop over the positions, so the sequence is static."""
    config = hf.MambaConfig(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, state_size=4)
    return Sample(
        hf.MambaForCausalLM(config),
        kwargs={"input_ids": token_ids(), "use_cache": False},
        dynamic_shapes={"input_ids": {0: Dim("batch", max=64)}, "use_cache": None},
    )


@entry("batch", "sequence")
def qwen2_prefill() -> Sample:
    """The first step of generation: no cache goes in, a filled one comes out."""
    _register_cache()
    return text(hf.Qwen2ForCausalLM(hf.Qwen2Config(**GROUPED)), use_cache=True)


@entry("batch", "past")
def llama_with_cache() -> Sample:
    """One decoding step: a key-value cache goes in and comes out one position longer."""
    config = hf.LlamaConfig(**SMALL, num_key_value_heads=1)
    return _decoding_step(hf.LlamaForCausalLM(config), heads=1)


@entry("batch", "past")
def gpt2_with_cache() -> Sample:
    config = hf.GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64)
    return _decoding_step(hf.GPT2LMHeadModel(config), heads=4)


def _decoding_step(model: hf.PreTrainedModel, *, heads: int, past: int = 6) -> Sample:
    _register_cache()
    shape = (BATCH, heads, past, 8)
    layers = [(torch.randn(shape), torch.randn(shape)) for _ in range(model.config.num_hidden_layers)]
    batch, length = Dim("batch", min=1, max=64), Dim("past", min=1, max=32)
    grows = {0: batch, 2: length}
    return Sample(
        model,
        kwargs={
            "input_ids": token_ids(sequence=1),
            "attention_mask": torch.ones(BATCH, past + 1, dtype=torch.int64),
            "past_key_values": hf.DynamicCache(layers),
        },
        dynamic_shapes={
            "input_ids": {0: batch},
            "attention_mask": {0: batch, 1: length + 1},
            "past_key_values": [[grows] * len(layers), [grows] * len(layers)],
        },
    )


def _register_cache() -> None:
    """Make `DynamicCache` a container that torch.export can look into, as transformers provides for it."""
    from transformers.integrations.executorch import register_dynamic_cache_export_support

    register_dynamic_cache_export_support()
