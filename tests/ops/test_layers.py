"""Convolutions, normalisations, embeddings and linear algebra."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

LINE, IMAGE, VOLUME = torch.randn(2, 4, 9), torch.randn(2, 4, 7, 6), torch.randn(1, 2, 4, 5, 6)
WORDS = torch.tensor([[1, 4, 0], [2, 2, 5]])

LAYERS = {
    "conv1d": (nn.Conv1d(4, 6, 3, 2, 1), LINE),
    "conv1d-same": (nn.Conv1d(4, 6, 4, padding="same"), LINE),
    "conv1d-causal": (nn.Conv1d(4, 4, 3, padding=2, groups=4), LINE),
    "conv2d": (nn.Conv2d(4, 6, 3, padding=1, dilation=2), IMAGE),
    "conv2d-depthwise": (nn.Conv2d(4, 8, (3, 2), groups=4, bias=False), IMAGE),
    "conv2d-same-dilated": (nn.Conv2d(4, 6, (3, 4), padding="same", dilation=(2, 1)), IMAGE),
    "conv2d-valid": (nn.Conv2d(4, 6, 3, padding="valid"), IMAGE),
    "conv2d-reflect": (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), IMAGE),
    "conv2d-circular": (nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular"), IMAGE),
    "conv2d-unbatched": (nn.Conv2d(4, 6, 3), IMAGE[0]),
    "conv3d": (nn.Conv3d(2, 3, 3, padding=1), VOLUME),
    "transposed1d": (nn.ConvTranspose1d(4, 6, 3, 2, 1, output_padding=1), LINE),
    "transposed2d": (nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, groups=2), IMAGE),
    "transposed2d-dilated": (nn.ConvTranspose2d(4, 6, (3, 2), 3, (1, 0), dilation=2, bias=False), IMAGE),
    "transposed3d": (nn.ConvTranspose3d(2, 3, 2, 2), VOLUME),
    "batch1d": (nn.BatchNorm1d(4), LINE),
    "batch1d-flat": (nn.BatchNorm1d(9), LINE[:, 0]),
    "batch2d": (nn.BatchNorm2d(4), IMAGE),
    "batch2d-plain": (nn.BatchNorm2d(4, affine=False), IMAGE),
    "batch2d-of-the-batch": (nn.BatchNorm2d(4, track_running_stats=False), IMAGE),
    "instance": (nn.InstanceNorm2d(4, affine=True), IMAGE),
    "instance1d": (nn.InstanceNorm1d(4), LINE),
    "group": (nn.GroupNorm(2, 4), IMAGE),
    "group-plain": (nn.GroupNorm(4, 4, affine=False), LINE),
    "layer": (nn.LayerNorm(6), IMAGE),
    "layer-over-many": (nn.LayerNorm((7, 6)), IMAGE),
    "layer-plain": (nn.LayerNorm(6, elementwise_affine=False), IMAGE),
    "layer-without-bias": (nn.LayerNorm(6, bias=False), IMAGE),
    "rms": (nn.RMSNorm(6), IMAGE),
    "response": (nn.LocalResponseNorm(3), IMAGE),
    "weight-norm": (nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 6, 3)), LINE),
    "old-weight-norm": (nn.utils.weight_norm(nn.Linear(9, 3)), LINE),
    "spectral-norm": (nn.utils.parametrizations.spectral_norm(nn.Linear(9, 3)), LINE),
    "linear": (nn.Linear(9, 3), LINE),
    "embedding": (nn.Embedding(6, 3), WORDS),
    "bag": (nn.EmbeddingBag(6, 3, mode="mean"), WORDS),
    "bag-sum": (nn.EmbeddingBag(6, 3, mode="sum"), WORDS),
    "bag-max": (nn.EmbeddingBag(6, 3, mode="max"), WORDS),
    "dropout": (nn.Sequential(nn.Dropout(), nn.Dropout2d(), nn.AlphaDropout()), IMAGE),
    "zero-pad": (nn.Sequential(nn.ZeroPad2d(1), nn.ReflectionPad2d((1, 0, 2, 1)), nn.ReplicationPad2d(1)), IMAGE),
    "unflatten": (nn.Sequential(nn.Flatten(), nn.Unflatten(1, (4, 42))), IMAGE),
}


@pytest.mark.parametrize(("layer", "x"), LAYERS.values(), ids=LAYERS)
def test_layers_as_torch(layer, x, proven):
    proven(layer.eval(), x)


def test_bilinear_layer(proven):
    layer = nn.Bilinear(4, 5, 3)
    proven(lambda a, b: layer(a, b), torch.randn(2, 4), torch.randn(2, 5))


def test_bags_at_offsets(proven_static):
    table = torch.randn(6, 3)
    for mode in ("sum", "mean", "max"):
        proven_static(
            lambda i, o, mode=mode: F.embedding_bag(i, table, o, mode=mode), WORDS.flatten(), torch.tensor([0, 2, 2])
        )


def test_bags_with_weights(proven_static):
    table, weights = torch.randn(6, 3), torch.randn(2, 3)
    proven_static(lambda i, w: F.embedding_bag(i, table, per_sample_weights=w, mode="sum"), WORDS, weights)


A, B, C = torch.randn(3, 4), torch.randn(4, 5), torch.randn(2, 3, 4)

ALGEBRA = {
    "products": (
        lambda a, b: (
            a @ b,
            torch.mm(a, b),
            torch.addmm(torch.ones(5), a, b, beta=0.5, alpha=2),
            a.mv(b[:, 0]),
            (a * 2).T.mv(a[:, 0]),
        ),
        A,
        B,
    ),
    "batched": (lambda c, b: (c @ b, torch.bmm(c, c.mT), torch.baddbmm(torch.ones(2, 3, 3), c, c.mT, beta=2)), C, B),
    "sums-of-products": (
        lambda a, c: (torch.addbmm(torch.ones(3, 3), c, c.mT), torch.dot(a[0], a[1]), torch.vdot(a[0], a[1])),
        A,
        C,
    ),
    "integers": (lambda a, b: ((a * 9).long() @ (b * 9).long(), (a * 9).int() @ (b * 9).int()), A, B),
    "integers-added": (
        lambda a, b: torch.addmm(torch.ones(5).long(), (a * 9).long(), (b * 9).long(), beta=2, alpha=3),
        A,
        B,
    ),
    "integer-linear": (lambda a, b: F.linear((a * 9).long(), (b.mT * 9).long(), torch.arange(5)), A, B),
    "einsum": (
        lambda a, b, c: (
            torch.einsum("ij,jk->ik", a, b),
            torch.einsum("bij,jk->bik", c, b),
            torch.einsum("bij,bij->b", c, c),
            torch.einsum("...ij->...ji", c),
            torch.einsum("ij->", a),
        ),
        A,
        B,
        C,
    ),
    "einsum-ellipsis": (lambda c, b: (torch.einsum("...ij,jk->...ik", c, b), torch.einsum("bhi,bhj->bij", c, c)), C, B),
    "einsum-diagonal": (lambda c: torch.einsum("bij,bkj->bik", c, c), C),
    "tensordot": (lambda a, b: (torch.tensordot(a, b, 1), torch.chain_matmul(a, b)), A, B),
    "norms": (
        lambda a: (torch.linalg.norm(a), torch.linalg.vector_norm(a, 3, 1), torch.linalg.matrix_norm(a, torch.inf)),
        A,
    ),
    "distances": (lambda a: (torch.cdist(a, a + 1), torch.cdist(a, a, p=1), F.pairwise_distance(a, a + 1)), A),
    "distances-of-integers": (lambda a: F.pairwise_distance((a * 5).long(), (a * 3).long()), A),
    "cross": (lambda a: (torch.linalg.cross(a[:, :3], a[:, 1:]), torch.trace(a[:, :3]), torch.det(a[:, :3])), A),
    "power": (lambda a: (torch.linalg.matrix_power(a[:, :3], 3), torch.linalg.multi_dot([a, a.mT, a])), A),
    "cosine": (lambda a: F.cosine_similarity(a[:, None], a[None], dim=-1), A),
}


@pytest.mark.parametrize("case", ALGEBRA.values(), ids=ALGEBRA)
def test_algebra_as_torch(case, proven):
    proven(*case)


def test_normalises_by_the_batch_in_training(proven_static):
    proven_static(lambda x: F.batch_norm(x, None, None, torch.ones(4), torch.zeros(4), training=True), IMAGE)


def test_distances_of_all_pairs(proven_static):
    proven_static(F.pdist, A)


@pytest.mark.parametrize("x", [IMAGE, LINE, torch.randn(5, 4)], ids=["image", "line", "flat"])
def test_normalises_by_the_batch(x, proven):
    layer = nn.BatchNorm1d(4) if x.dim() < 4 else nn.BatchNorm2d(4)
    layer.track_running_stats, layer.running_mean, layer.running_var = False, None, None
    proven(layer.eval(), x)
