"""Sequence-to-sequence models of transformers, tiny and with random weights."""

from __future__ import annotations

from typing import Any

import transformers as hf

from zoo.entry import Sample, entry
from zoo.inputs import VOCABULARY, text_pair

SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
}
SMALL_T5: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}


@entry("batch", "source", "target")
def t5() -> Sample:
    return text_pair(hf.T5ForConditionalGeneration(hf.T5Config(**SMALL_T5)), use_cache=False)


@entry("batch", "source", "target")
def mt5() -> Sample:
    return text_pair(hf.MT5ForConditionalGeneration(hf.MT5Config(**SMALL_T5)), use_cache=False)


@entry("batch", "source", "target")
def bart() -> Sample:
    return text_pair(hf.BartForConditionalGeneration(hf.BartConfig(**SMALL)), use_cache=False)


@entry("batch", "source", "target")
def mbart() -> Sample:
    return text_pair(hf.MBartForConditionalGeneration(hf.MBartConfig(**SMALL)), use_cache=False)


@entry("batch", "source", "target")
def marian() -> Sample:
    return text_pair(hf.MarianMTModel(hf.MarianConfig(**SMALL)), use_cache=False)


@entry("batch", "source", "target")
def pegasus() -> Sample:
    return text_pair(hf.PegasusForConditionalGeneration(hf.PegasusConfig(**SMALL)), use_cache=False)


@entry("batch", "source", "target")
def blenderbot() -> Sample:
    return text_pair(hf.BlenderbotForConditionalGeneration(hf.BlenderbotConfig(**SMALL)), use_cache=False)


@entry("batch", "source", "target")
def m2m_100() -> Sample:
    return text_pair(hf.M2M100ForConditionalGeneration(hf.M2M100Config(**SMALL)), use_cache=False)
