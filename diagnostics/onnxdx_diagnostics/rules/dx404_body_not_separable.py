"""DX404: a call cannot be an ONNX function, because its body needs to know a value from outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class BodyNotSeparable(Finding):
    """A call cannot be an ONNX function, because its body needs to know a value from outside of it.

    ## What it means
    Functions were asked for (`functions="modules"`, `"aten"` or `"all"`). The inputs of an ONNX function have no values
    while the model is exported, weights included. The ONNX function of an operator in this call asks for the value of
    one of them, as it does to make an attribute of it. In the graph around the call the value is known.

    ## Why it matters
    The nodes of the call stay in the graph around it. The numbers are the same; the function is missing.

    ## How to fix it
    Give the operator a number of Python in place of the tensor, or an ONNX function that takes the value as an input.
    """

    id: ClassVar[str] = "DX404"
    name: ClassVar[str] = "body-not-separable"
    level: ClassVar[Level] = Level.NOTE
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --functions all
import torch
from onnxscript import opset18 as op
from onnxdx import ExportTarget, OnnxRegistry

@torch.library.custom_op("dx404::rescaled", mutates_args=())
def rescaled(x: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    return x * factor

@rescaled.register_fake
def _(x, factor):
    return torch.empty_like(x)

def rescaled_onnx(x, factor):
    return op.ThresholdedRelu(x, alpha=float(factor.const_value.numpy()))

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("factor", torch.tensor(1.0))

    def forward(self, x):
        return rescaled(x, self.factor)  # expect: DX404

def build():
    registry = OnnxRegistry().with_op("dx404::rescaled", rescaled_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3) + 2,), registry=registry)
"""

    path: str
    what: str
    reason: str

    def message(self) -> str:
        owner = f"`{self.path}` (`{self.what}`)" if self.path else f"`{self.what}`"
        return f"The call of {owner} is no ONNX function, because its body cannot be written by itself: {self.reason}"

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Give the operator a number of Python in place of the tensor whose value it asks for."),)
