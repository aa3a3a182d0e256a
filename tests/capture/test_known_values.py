"""Findings of capture tell what is known of the values that their line reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

PROGRAM = """
import torch

class Scale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("limit", torch.zeros(3))
        self.bound = 2.5

    @property
    def expensive(self):
        raise RuntimeError("a property was read")

    def forward(self, x, n, width=4):
        [BODY]

def build():
    return Scale(), (torch.rand(6, 4), torch.tensor(2)), {}, {"x": {0: "batch"}, "n": None}
"""


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("return x if (x - 1).max() > self.bound else -x", ("x: f32[batch, 4]", "self.bound: 2.5")),
        ("return [x, -x][int(n)] * width", ("x: f32[batch, 4]", "n: i64[]", "width: 4")),
        ("return x if (self.limit * n).sum() > 0 else x.neg()", ("x: f32[batch, 4]", "self.limit: f32[3]", "n: i64[]")),
        ("return x * x.data_ptr()", ("x: f32[batch, 4]",)),
        ("return x if n > 0 and self.expensive else -x", ("x: f32[batch, 4]", "n: i64[]")),
        ("return x + torch.zeros(6, width)", ("x: f32[batch, 4]", "width: 4")),
        ("size = x.shape[0]\n        return x * (2 if size > 8 else 1)", ("x: f32[batch, 4]",)),
    ],
)
def test_a_finding_of_capture_knows_the_values_of_its_line(
    body: str, values: tuple[str, ...], captured: Callable
) -> None:
    finding, *_ = captured(PROGRAM.replace("[BODY]", body)).findings

    assert sorted(finding.site.values) == sorted(values)
