"""`--functions` and `--bisect-passes` on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

PROGRAM = """
import torch
from onnxdx import ExportTarget

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.linear(x).relu()

def wrong(model):
    (node,) = (node for node in model.graph if node.op_type == "Relu")
    node.op_type = "Neg"

def build():
    return Net(), (torch.rand(2, 4),)

def with_a_wrong_pass():
    return ExportTarget(Net(), (torch.rand(2, 4),), optimizations=(wrong,))
"""


@pytest.mark.parametrize(
    ("mode", "functions"),
    [
        ("none", set()),
        ("modules", {"pkg.torch::Linear"}),
        ("aten", {"pkg.torch.ops.aten::linear", "pkg.torch.ops.aten::relu"}),
        ("all", {"pkg.torch::Linear", "pkg.torch.ops.aten::linear", "pkg.torch.ops.aten::relu"}),
    ],
)
def test_each_mode_of_functions_gives_its_functions(
    mode: str, functions: set[str], project: Path, onnxdx: Callable
) -> None:
    (project / "net.py").write_text(PROGRAM)

    done = onnxdx("export", "net.py:build", "--functions", mode, "-o", "model.onnx")

    assert done.code == 0
    found = onnx.load(project / "model.onnx").functions
    assert {f"{function.domain}::{function.name}" for function in found} == functions


def test_the_pass_that_changes_the_numbers_is_named(project: Path, onnxdx: Callable) -> None:
    (project / "net.py").write_text(PROGRAM)

    done = onnxdx("export", "net.py:with_a_wrong_pass", "--bisect-passes")

    assert done.code == 1
    assert "error[DX608]" in done.said
    assert "The optimisation pass `wrong` changes the numbers" in done.said


def test_numbers_that_are_not_compared_cannot_be_blamed_on_a_pass(onnxdx: Callable) -> None:
    done = onnxdx("export", "model.py:build", "--bisect-passes", "--no-verify")

    assert done.code == 2
    assert "does not go with --no-verify" in done.err
