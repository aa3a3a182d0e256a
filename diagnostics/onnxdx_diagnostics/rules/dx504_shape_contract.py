"""DX504: a value has another shape in ONNX than in the captured graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ShapeContract(Finding):
    """A value has another shape in ONNX than in the captured graph.

    ## What it means
    torch says which rank and which static sizes each value of the model has, and ONNX's shape inference says it for the
    exported model. For the result of this line they contradict each other.

    ## Why it stops the export
    The exported model computes something else than the torch model.

    ## How to fix it
    When the line calls an operator with an ONNX function of your own, let it return the shape of the operator: mind
    `keepdims`, the axis, and that ONNX has no negative steps in `Reshape`. Otherwise the fault is in onnxdx or
    torchlib; please report it.
    """

    id: ClassVar[str] = "DX504"
    name: ClassVar[str] = "shape-contract"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx504::energy", mutates_args=())
def energy(x: torch.Tensor) -> torch.Tensor:
    return x.square().sum(-1)

@energy.register_fake
def _(x):
    return x.new_empty(x.shape[:-1])

def energy_onnx(x):
    return op.ReduceSumSquare(x, [-1])

class Net(torch.nn.Module):
    def forward(self, x):
        return energy(x)  # expect: DX504

def build():
    registry = OnnxRegistry().with_op("dx504::energy", energy_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    captured: str
    inferred: str
    onnx_op: str
    operator: str = ""
    function: str = ""

    def message(self) -> str:
        return (
            f"The ONNX operator `{self.onnx_op}` gives the shape `{self.inferred}` where torch has `{self.captured}`."
        )

    def fixes(self) -> tuple[Fix, ...]:
        if self.function:
            return (Fix(f"Return this shape from the ONNX function of `{self.operator}` at {self.function}."),)
        return (
            Fix(f"Return the shape `{self.captured}` from the ONNX function of the operator on this line."),
            Fix("If the function is none of yours, report the fault."),
        )
