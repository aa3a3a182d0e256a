"""Losses over classes, probabilities and single samples."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

SCORES, LABELS = torch.randn(4, 5), torch.tensor([1, 0, 4, 2])
IMAGE, PLANE = torch.randn(2, 5, 3, 4), torch.randint(0, 5, (2, 3, 4))
WEIGHT = torch.rand(5) + 0.5
SOME = torch.tensor([1, -100, 4, 2])
CHANCES = torch.randn(4, 5).softmax(1)
ANSWERS = (torch.randn(4, 5) > 0).float()
SEVERAL = torch.tensor([[3, 0, -1, 1, -1], [-1, 0, 0, 2, 1], [0, 1, 2, 3, 4], [2, -1, -1, -1, -1]])

PROGRAMS = {
    "cross-entropy": (F.cross_entropy, SCORES, LABELS),
    "cross-entropy-weighted": (lambda x, y: F.cross_entropy(x, y, weight=WEIGHT), SCORES, LABELS),
    "cross-entropy-ignored": (F.cross_entropy, SCORES, SOME),
    "cross-entropy-each": (lambda x, y: F.cross_entropy(x, y, reduction="none"), IMAGE, PLANE),
    "cross-entropy-image": (lambda x, y: F.cross_entropy(x, y, weight=WEIGHT), IMAGE, PLANE),
    "cross-entropy-single": (lambda x, y: F.cross_entropy(x[0], y[0]), SCORES, LABELS),
    "cross-entropy-smoothed": (lambda x, y: F.cross_entropy(x, y, label_smoothing=0.1), SCORES, SOME),
    "cross-entropy-smoothed-weighted": (lambda x, y: F.cross_entropy(x, y, WEIGHT, label_smoothing=0.2), SCORES, SOME),
    "cross-entropy-smoothed-image": (
        lambda x, y: F.cross_entropy(x, y, WEIGHT, reduction="sum", label_smoothing=0.2),
        IMAGE,
        PLANE,
    ),
    "cross-entropy-chances": (lambda x, y: F.cross_entropy(x, y, weight=WEIGHT, label_smoothing=0.1), SCORES, CHANCES),
    "cross-entropy-chances-each": (lambda x, y: F.cross_entropy(x, y, reduction="none"), SCORES, CHANCES),
    "nll": (lambda x, y: F.nll_loss(x.log_softmax(1), y), SCORES, LABELS),
    "nll-image": (lambda x, y: F.nll_loss(x.log_softmax(1), y, weight=WEIGHT, ignore_index=2), IMAGE, PLANE),
    "binary": (lambda x, y: F.binary_cross_entropy(x.sigmoid(), y), SCORES, ANSWERS),
    "binary-logits": (F.binary_cross_entropy_with_logits, SCORES, ANSWERS),
    "binary-logits-weighted": (
        lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=WEIGHT, reduction="sum"),
        SCORES,
        ANSWERS,
    ),
    "squares": (
        lambda x, y: (F.mse_loss(x, y), F.l1_loss(x, y), F.smooth_l1_loss(x, y), F.huber_loss(x, y)),
        SCORES,
        CHANCES,
    ),
    "divergence": (lambda x, y: F.kl_div(x.log_softmax(1), y, reduction="batchmean"), SCORES, CHANCES),
    "cosine": (lambda x, y: F.cosine_similarity(x, y), SCORES, CHANCES),
    "cosine-embedding": (lambda x, y: F.cosine_embedding_loss(x, y, torch.tensor([1, -1, 1, 1])), SCORES, CHANCES),
    "triplet": (lambda x, y: F.triplet_margin_loss(x, y, x + y), SCORES, CHANCES),
    "margins": (lambda x, y: (F.soft_margin_loss(x, y * 2 - 1), F.hinge_embedding_loss(x, y * 2 - 1)), SCORES, ANSWERS),
    "labels-margin": (F.multilabel_margin_loss, SCORES, SEVERAL),
    "labels-margin-each": (lambda x, y: F.multilabel_margin_loss(x, y, reduction="none"), SCORES, SEVERAL),
    "labels-margin-single": (lambda x, y: F.multilabel_margin_loss(x[0], y[0], reduction="sum"), SCORES, SEVERAL),
    "class-margin": (lambda x, y: F.multi_margin_loss(x, y, p=2, weight=WEIGHT), SCORES, LABELS),
    "ranking": (lambda x, y: F.margin_ranking_loss(x, y, torch.ones(4, 5), margin=0.3), SCORES, CHANCES),
    "poisson": (lambda x, y: F.poisson_nll_loss(x, y), SCORES, CHANCES),
}


@pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)
def test_counts_what_torch_counts(case, proven):
    proven(*case)
