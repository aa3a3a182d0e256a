"""The depth series: one Llama-shaped model at several numbers of layers, which shows what grows with depth."""

from __future__ import annotations

import re

import torch
import transformers as hf
import zoo
from series import name_of_depth
from zoo.inputs import text

_NAME = re.compile(name_of_depth(0).replace("0", r"(\d+)"))


def sample_of(name: str) -> zoo.Sample:
    """A model of the zoo, or one of the series."""
    found = _NAME.fullmatch(name)
    if found is None:
        return zoo.named(name).build()
    torch.manual_seed(0)
    config = hf.LlamaConfig(
        vocab_size=256,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=int(found[1]),
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
    )
    return text(hf.LlamaForCausalLM(config).eval(), use_cache=False)
