"""Scaled dot-product attention in every form that torch gives it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

Q, K, V = torch.randn(2, 4, 5, 8), torch.randn(2, 4, 7, 8), torch.randn(2, 4, 7, 6)
KEEP = torch.rand(2, 1, 5, 7) > 0.4
KEEP[1, 0, 2] = False
SQUARE = torch.randn(2, 4, 5, 8)
GROUPED = torch.randn(2, 2, 7, 8)

PROGRAMS = {
    "plain": (F.scaled_dot_product_attention, Q, K, V),
    "causal": (lambda q, k: F.scaled_dot_product_attention(q, k, k, is_causal=True), Q, SQUARE),
    "causal-longer-keys": (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), Q, K, V),
    "mask-of-truths-with-a-closed-row": (F.scaled_dot_product_attention, Q, K, V, KEEP),
    "mask-of-numbers": (F.scaled_dot_product_attention, Q, K, V, torch.randn(5, 7)),
    "mask-of-infinities": (F.scaled_dot_product_attention, Q, K, V, torch.where(KEEP, 0.0, -torch.inf)),
    "scaled": (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3), Q, K, V),
    "grouped": (lambda q, k: F.scaled_dot_product_attention(q, k, k, enable_gqa=True), Q, GROUPED),
    "three-dims": (F.scaled_dot_product_attention, Q[0], K[0], V[0]),
    "two-dims": (F.scaled_dot_product_attention, Q[0, 0], K[0, 0], V[0, 0]),
    "five-dims": (F.scaled_dot_product_attention, Q[None], K[None], V[None]),
    "one-key-for-all-heads": (F.scaled_dot_product_attention, Q, K[:, :1], V[:, :1]),
}


@pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)
def test_attends_as_torch(case, proven):
    proven(*case)


def test_attends_in_half_precision(proven_static):
    proven_static(F.scaled_dot_product_attention, Q.half(), K.half(), V.half())


def test_attends_by_the_operators_of_a_lowered_program(proven_static):
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    proven_static(lambda q, k: flash(q, k, k, 0.0, True)[0], Q, SQUARE)


LAYERS = {
    "multihead": torch.nn.MultiheadAttention(8, 2, batch_first=True).eval(),
    "encoder": torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval(),
}


def test_runs_multihead_attention(proven):
    layer = LAYERS["multihead"]
    proven(lambda x: layer(x, x, x, need_weights=False)[0], torch.randn(2, 5, 8))


def test_runs_multihead_attention_with_weights_and_padding(proven):
    layer = LAYERS["multihead"]
    padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    proven(lambda x, mask: layer(x, x, x, key_padding_mask=mask), torch.randn(2, 5, 8), padding)


def test_runs_an_encoder_layer(proven):
    layer = LAYERS["encoder"]
    proven(lambda x: layer(x), torch.randn(2, 5, 8))


def test_runs_a_transformer(proven):
    model = torch.nn.Transformer(8, 2, 1, 1, 16, batch_first=True).eval()
    mask = torch.nn.Transformer.generate_square_subsequent_mask(4)
    run = lambda x, y, m: model(x, y, tgt_mask=m, tgt_is_causal=False)  # noqa: E731
    proven(run, torch.randn(2, 5, 8), torch.randn(2, 4, 8), mask)
