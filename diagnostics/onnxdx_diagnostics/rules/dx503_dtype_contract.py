"""DX503: a value has another dtype in ONNX than in the captured graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DtypeContract(Finding):
    """A value has another dtype in ONNX than in the captured graph.

    ## What it means
    torch says which dtype each value of the model has, and ONNX's type inference says it for the exported model. For
    the result of this line they disagree.

    ## Why it stops the export
    What follows was written for torch's dtype. The model does not load, or computes with another precision.

    ## How to fix it
    When the line calls an operator with an ONNX function of your own, let it return the dtype of the operator:

    ```python
    def count(x):                       # mylib::count(Tensor x) -> Tensor, of int64
        return op.Cast(op.ReduceSum(x), to=onnx.TensorProto.INT64)
    ```

    Otherwise the fault is in onnxdx or torchlib; please report it.
    """

    id: ClassVar[str] = "DX503"
    name: ClassVar[str] = "dtype-contract"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx503::quantise", mutates_args=())
def quantise(x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return (x / scale).round().clamp(-128, 127).to(torch.int8)

@quantise.register_fake
def _(x, scale):
    return torch.empty_like(x, dtype=torch.int8)

def quantise_onnx(x, scale):
    return op.QuantizeLinear(x, scale)

class Net(torch.nn.Module):
    def forward(self, x, scale):
        return quantise(x, scale)  # expect: DX503

def build():
    registry = OnnxRegistry().with_op("dx503::quantise", quantise_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3), torch.tensor(0.1)), registry=registry)
"""

    value: str
    captured: str
    inferred: str
    onnx_op: str
    operator: str = ""
    function: str = ""

    def message(self) -> str:
        return f"The ONNX operator `{self.onnx_op}` gives `{self.inferred}` where torch has `{self.captured}`."

    def fixes(self) -> tuple[Fix, ...]:
        if self.function:
            dtype = f"Return `{self.captured}` from the ONNX function of `{self.operator}` at {self.function}"
            return (Fix(f"{dtype}, with a `Cast`."),)
        return (
            Fix(f"Return `{self.captured}` from the ONNX function of the operator on this line, with a `Cast`."),
            Fix("If the function is none of yours, report the fault."),
        )
