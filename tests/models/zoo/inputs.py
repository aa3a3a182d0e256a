"""Inputs that many models share, with the dims a user would ask to be dynamic."""

from __future__ import annotations

from typing import Any

import torch
from torch.export import Dim

from zoo.entry import Sample

BATCH = 2
SEQUENCE = 7
VOCABULARY = 99


def token_ids(batch: int = BATCH, sequence: int = SEQUENCE) -> torch.Tensor:
    """Random token ids, none of them a special one."""
    return torch.randint(5, VOCABULARY, (batch, sequence))


def padding_mask(batch: int = BATCH, sequence: int = SEQUENCE) -> torch.Tensor:
    """An attention mask whose last row has two padded positions, as a tokenizer pads to the right."""
    mask = torch.ones(batch, sequence, dtype=torch.int64)
    mask[-1, -2:] = 0
    return mask


def text(model: torch.nn.Module, *, shortest: int = 0, longest: int = 64, **kwargs: Any) -> Sample:
    """`input_ids` and `attention_mask`, dynamic in batch and sequence (`shortest` to `longest` positions)."""
    batch, sequence = Dim("batch", max=64), Dim("sequence", min=shortest, max=longest)
    shape = {0: batch, 1: sequence}
    return Sample(
        model,
        kwargs={"input_ids": token_ids(), "attention_mask": padding_mask(), **kwargs},
        dynamic_shapes={"input_ids": shape, "attention_mask": shape, **dict.fromkeys(kwargs)},
    )


def text_pair(model: torch.nn.Module, *, longest: int = 64, **kwargs: Any) -> Sample:
    """Encoder and decoder ids with the encoder's mask, dynamic in batch and in both lengths."""
    batch, source, target = Dim("batch", max=64), Dim("source", max=longest), Dim("target", max=longest)
    return Sample(
        model,
        kwargs={
            "input_ids": token_ids(),
            "attention_mask": padding_mask(),
            "decoder_input_ids": token_ids(sequence=5),
            **kwargs,
        },
        dynamic_shapes={
            "input_ids": {0: batch, 1: source},
            "attention_mask": {0: batch, 1: source},
            "decoder_input_ids": {0: batch, 1: target},
            **dict.fromkeys(kwargs),
        },
    )


def image(model: torch.nn.Module, size: int = 32, **kwargs: Any) -> Sample:
    """`pixel_values` of square images, dynamic in batch."""
    return Sample(
        model,
        kwargs={"pixel_values": torch.randn(BATCH, 3, size, size), **kwargs},
        dynamic_shapes={"pixel_values": {0: Dim("batch", max=64)}, **dict.fromkeys(kwargs)},
    )
