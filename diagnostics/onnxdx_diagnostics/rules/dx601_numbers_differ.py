"""DX601: ONNX Runtime computes other numbers than eager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NumbersDiffer(Finding):
    """ONNX Runtime computes other numbers than the torch model.

    ## What it means
    The exported model was run in ONNX Runtime on the inputs of the export (or on inputs of another size), and an output
    is not what the torch model returns, beyond the tolerance of its dtype.

    ## Why it stops the export
    The model file would give wrong answers.

    ## How to fix it
    Look at the operator where the two part first. When its ONNX function is your own, correct it. A model that draws
    random numbers, or that depends on the order of equal values, has no numbers to compare. Where the difference is one
    of precision, compute the critical part in float32 or float64.
    """

    id: ClassVar[str] = "DX601"
    name: ClassVar[str] = "numbers-differ"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx601::quick_gelu", mutates_args=())
def quick_gelu(x: torch.Tensor) -> torch.Tensor:
    return x * torch.sigmoid(1.702 * x)

@quick_gelu.register_fake
def _(x):
    return torch.empty_like(x)

def quick_gelu_onnx(x):
    return op.Mul(x, op.Sigmoid(x))

class Net(torch.nn.Module):
    def forward(self, x):
        y = quick_gelu(x + 1)  # expect: DX601
        return y / y.sum()

def build():
    registry = OnnxRegistry().with_op("dx601::quick_gelu", quick_gelu_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    output: str
    difference: str
    sizes: str
    first: str
    function: str = ""

    def message(self) -> str:
        if not self.output:
            return f"`{self.first}` computes other numbers in ONNX Runtime than in torch: {self.difference}."
        at = f" with {self.sizes}" if self.sizes else ""
        first = f"; they part at `{self.first}`" if self.first else ""
        return f"The output `{self.output}` of ONNX Runtime differs from eager{at}: {self.difference}{first}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.first and self.function:
            return (Fix(f"Correct the ONNX function of `{self.first}` at {self.function}."),)
        if self.first:
            return (Fix(f"Correct the ONNX function of `{self.first}`, or express it by other operators."),)
        return (Fix("Look for operators whose result is random or depends on the order of equal values."),)

    @property
    def fault(self) -> tuple[object, ...]:
        """An operator that is wrong by itself is one fault, by whatever each of its calls is off."""
        identity = super().fault
        return identity if self.output else (*identity[:2], self.first)
