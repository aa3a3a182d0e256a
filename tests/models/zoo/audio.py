"""Speech and audio models of transformers, tiny and with random weights."""

from __future__ import annotations

from typing import Any

import torch
import transformers as hf
from torch.export import Dim

from zoo.entry import Sample, entry
from zoo.inputs import BATCH, VOCABULARY, token_ids

SMALL: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
WAVEFORM: dict[str, Any] = {
    **SMALL,
    "vocab_size": 32,
    "conv_dim": (16, 16, 16),
    "conv_kernel": (10, 3, 3),
    "conv_stride": (5, 2, 2),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}


@entry("batch", "samples")
def wav2vec2() -> Sample:
    return _waveform(hf.Wav2Vec2ForCTC(hf.Wav2Vec2Config(**WAVEFORM)))


@entry("batch", "samples")
def hubert() -> Sample:
    return _waveform(hf.HubertModel(hf.HubertConfig(**WAVEFORM)))


@entry("batch", "samples")
def unispeech() -> Sample:
    return _waveform(hf.UniSpeechModel(hf.UniSpeechConfig(**WAVEFORM, num_codevectors_per_group=8)))


@entry("batch")
def wavlm() -> Sample:
    return _waveform(
        hf.WavLMModel(hf.WavLMConfig(**WAVEFORM, num_buckets=16, max_bucket_distance=32)), dynamic_length=False
    )


@entry("batch")
def audio_spectrogram_transformer() -> Sample:
    config = hf.ASTConfig(**SMALL, patch_size=4, max_length=24, num_mel_bins=16, frequency_stride=4, time_stride=4)
    return Sample(
        hf.ASTForAudioClassification(config),
        args=(torch.randn(BATCH, 24, 16),),
        dynamic_shapes={"input_values": {0: Dim("batch", max=64)}},
    )


@entry("batch", "target")
def whisper() -> Sample:
    config = hf.WhisperConfig(
        vocab_size=VOCABULARY,
        num_mel_bins=16,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_source_positions=30,
        max_target_positions=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    batch, target = Dim("batch", max=64), Dim("target", max=64)
    return Sample(
        hf.WhisperForConditionalGeneration(config),
        kwargs={
            "input_features": torch.randn(BATCH, 16, 60),
            "decoder_input_ids": token_ids(),
            "use_cache": False,
        },
        dynamic_shapes={
            "input_features": {0: batch},
            "decoder_input_ids": {0: batch, 1: target},
            "use_cache": None,
        },
    )


@entry("batch", "frames")
def speech_to_text() -> Sample:
    config = hf.Speech2TextConfig(
        vocab_size=VOCABULARY,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        input_feat_per_channel=16,
        conv_channels=32,
        max_source_positions=64,
        max_target_positions=64,
    )
    batch = Dim("batch", max=64)
    return Sample(
        hf.Speech2TextForConditionalGeneration(config),
        kwargs={
            "input_features": torch.randn(BATCH, 40, 16),
            "decoder_input_ids": token_ids(),
            "use_cache": False,
        },
        dynamic_shapes={
            "input_features": {0: batch},
            "decoder_input_ids": {0: batch, 1: Dim("target", max=64)},
            "use_cache": None,
        },
    )


def _waveform(model: torch.nn.Module, *, dynamic_length: bool = True) -> Sample:
    shape = {0: Dim.DYNAMIC, 1: Dim.DYNAMIC} if dynamic_length else {0: Dim.DYNAMIC}
    return Sample(model, args=(torch.randn(BATCH, 800),), dynamic_shapes={"input_values": shape})
