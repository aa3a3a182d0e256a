"""DX412: the ONNX function of an operator does not return the operator's results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OnnxFunctionResults(Finding):
    """The ONNX function of an operator does not return the operator's results.

    ## What it means
    An operator returns a fixed number of tensors. The ONNX function that stands for it returned another number, or what
    is no tensor: None, for one that lacks its `return`.

    ## Why it stops the export
    The operators behind it use results that are not there, or nobody knows which of them is meant.

    ## How to fix it
    Return one value per result of the operator, in its order:

    ```python
    def split_gate(x):                   # mylib::split_gate(Tensor x) -> (Tensor, Tensor)
        return op.Sigmoid(x), op.Tanh(x)
    ```
    """

    id: ClassVar[str] = "DX412"
    name: ClassVar[str] = "onnx-function-results"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx412::bounds", mutates_args=())
def bounds(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x.amin(), x.amax()

@bounds.register_fake
def _(x):
    return x.new_empty(()), x.new_empty(())

def bounds_onnx(x):
    return op.ReduceMin(x, keepdims=0)

class Net(torch.nn.Module):
    def forward(self, x):
        low, high = bounds(x)  # expect: DX412
        return (x - low) / (high - low)

def build():
    registry = OnnxRegistry().with_op("dx412::bounds", bounds_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    operator: str
    function: str
    origin: str
    reason: str

    def message(self) -> str:
        return f"The ONNX function `{self.function}` does not stand for `{self.operator}`: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.origin in ("torchlib", "onnxdx"):
            return (Fix(f"Register an ONNX function of your own for `{self.operator}`."),)
        return (Fix(f"Return one value per result of the operator from `{self.function}` at {self.origin}."),)
