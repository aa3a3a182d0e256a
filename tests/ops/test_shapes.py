"""Shapes: views, joins, paddings, repeats, and tensors made of sizes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

X = torch.randn(2, 3, 4)
IMAGE = torch.randn(2, 3, 5, 6)
TRUTHS = X > 0
COUNTS = torch.tensor([1, 0, 2])

PROGRAMS = {
    "views": (
        lambda x: (x.view(2, -1), x.reshape(-1), x.flatten(1), x.unflatten(2, (2, -1)), x.view(x.shape[0], -1, 2)),
        X,
    ),
    "squeezes": (
        lambda x: (x[:, None].squeeze(1), x[None].squeeze(), x.unsqueeze(-1).squeeze((0, -1)), x.squeeze(1)),
        X,
    ),
    "transposes": (lambda x: (x.transpose(0, 2), x.permute(2, 0, 1), x.mT, x.movedim(0, -1), x.swapaxes(0, 1)), X),
    "joins": (
        lambda x: (torch.cat([x, x], 1), torch.stack([x, x], -1), torch.hstack([x, x]), torch.cat([x, x.int()], 0)),
        X,
    ),
    "joins-truths": (lambda m: (torch.cat([m, m]), torch.stack([m, m])), TRUTHS),
    "splits": (lambda x: (*x.split(1, 1), *x.unbind(0), *x.tensor_split(2, dim=0), *x.hsplit(3)), X),
    "repeats": (
        lambda x: (
            x.repeat(2, 1, 3),
            x.tile((2, 2)),
            x.repeat_interleave(2, 1),
            x.repeat_interleave(2),
            x.expand(5, 2, 3, 4),
        ),
        X,
    ),
    "repeat-counted": (lambda x: (x.repeat_interleave(COUNTS, 1), torch.repeat_interleave(COUNTS)), X),
    "broadcast": (lambda x: (*torch.broadcast_tensors(x, x[:, :1]), x[0].broadcast_to(2, 3, 4), x[:1].expand_as(x)), X),
    "mesh": (
        lambda x: (
            *torch.meshgrid(x[0, 0], x[0, :, 0], indexing="ij"),
            *torch.meshgrid(x[0, 0], x[0, :, 0], indexing="xy"),
        ),
        X,
    ),
    "products": (
        lambda x: (torch.cartesian_prod(x[0, 0], x[0, 1]), torch.outer(x[0, 0], x[0, 1]), torch.kron(x[0], x[1])),
        X,
    ),
    "as-strided": (lambda x: x.as_strided((2, 3), (1, 2), 1), torch.randn(12)),
    "block": (lambda x: (torch.block_diag(x[0], x[1]), torch.atleast_3d(x[0]), torch.column_stack([x[0], x[1]])), X),
    "pads": (
        lambda x: (
            F.pad(x, (1, 2)),
            F.pad(x, (1, 0, 2, 1), value=3.0),
            F.pad(x, (-1, 1, 0, -2)),
            F.pad(x, (1, 1), value=float("-inf")),
        ),
        IMAGE,
    ),
    "pads-reflecting": (lambda x: (F.pad(x, (1, 2, 2, 1), "reflect"), F.pad(x[0], (2, 1), "reflect")), IMAGE),
    "pads-repeating": (lambda x: (F.pad(x, (1, 2, 2, 1), "replicate"), F.pad(x, (-1, 2, 0, 1), "replicate")), IMAGE),
    "pads-around": (lambda x: (F.pad(x, (1, 2, 2, 1), "circular"), F.pad(x[0], (2, 1), "circular")), IMAGE),
    "pads-truths": (
        lambda m: (F.pad(m, (1, 1)), F.pad(m.long(), (0, 2), value=-1), F.pad(m, (1, 0), value=True)),
        TRUTHS,
    ),
    "made": (
        lambda x: (
            torch.zeros(x.shape),
            torch.ones(x.shape[0], 2),
            torch.full((x.shape[1],), 7),
            x.new_zeros(3, x.shape[0]),
            torch.full_like(x, 2.5),
        ),
        X,
    ),
    "made-of-dtypes": (
        lambda x: (
            x.new_ones(2, dtype=torch.bool),
            torch.zeros_like(x, dtype=torch.int32),
            x.new_full((2,), 3),
            torch.full((2,), True),
            torch.ones_like(x, dtype=torch.float16),
        ),
        X,
    ),
    "counted": (
        lambda x: (
            torch.arange(x.shape[1]),
            torch.arange(1, x.shape[2], 2),
            torch.arange(0, 1, 0.25),
            torch.arange(5, 0, -1),
            torch.arange(x.shape[2], dtype=torch.float32),
        ),
        X,
    ),
    "spaced": (
        lambda x: (
            torch.linspace(0, 1, 5),
            torch.linspace(-1, 1, x.shape[2]),
            torch.logspace(0, 2, 4),
            torch.eye(3),
            torch.eye(x.shape[1], x.shape[2]),
        ),
        X,
    ),
    "folds": (lambda x: (F.unfold(x, 3, padding=1), F.unfold(x, (2, 3), stride=2)), IMAGE),
    "fold-back": (lambda x: F.fold(F.unfold(x, 2, stride=2), (4, 6), 2, stride=2), torch.randn(2, 3, 4, 6)),
    "windows": (lambda x: (x.unfold(-1, 3, 1), x.unfold(2, 2, 2)), IMAGE),
    "windowed": (
        lambda x: (torch.hann_window(8), torch.hamming_window(8, periodic=False), torch.blackman_window(6), x),
        X,
    ),
    "triangles": (
        lambda x: (torch.tril_indices(3, 4), torch.triu_indices(3, 3, 1), torch.ones(x.shape[1], x.shape[1]).tril()),
        X,
    ),
    "mask": (
        lambda x: (
            torch.full((x.shape[1], x.shape[1]), float("-inf")).triu(1),
            torch.ones(4, 4, dtype=torch.bool).tril(-1),
        ),
        X,
    ),
    "shapes-as-numbers": (lambda x: x * x.shape[0] + x.numel() - len(x), X),
    "histogram": (lambda x: (torch.histc(x, 4, -1.0, 1.0), torch.bincount(torch.tensor([0, 2, 2]), minlength=5)), X),
    "transposes-truths": (
        lambda m: (m.mT, m[0].t(), m.mH, F.pixel_shuffle(m.repeat(1, 4, 1)[:, :, None].long(), 2)),
        TRUTHS,
    ),
    "shuffles": (lambda x: F.channel_shuffle(x, 2), torch.randn(2, 4, 3, 3)),
}


@pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)
def test_shapes_as_torch(case, proven):
    proven(*case)
