"""DX411: the ONNX function of an operator raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OnnxFunctionFails(Finding):
    """The ONNX function of an operator raises while it is traced.

    ## What it means
    An ONNX function is Python code that is run once to record the ONNX operators it calls. For this operator, with
    these arguments, it raised.

    ## Why it stops the export
    Nothing was recorded that computes the operator.

    ## How to fix it
    Inside an ONNX function the arguments are symbols: they have a dtype and a rank, but no values. Compute with ONNX
    operators, and branch on numbers and ranks only:

    ```python
    from onnxscript import opset20 as op

    def gate(x, dim: int = -1):
        if len(x.shape) == 1:
            dim = 0
        return op.Softmax(x, axis=dim)
    ```
    """

    id: ClassVar[str] = "DX411"
    name: ClassVar[str] = "onnx-function-fails"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx411::rescale", mutates_args=())
def rescale(x: torch.Tensor) -> torch.Tensor:
    return x / x.abs().max()

@rescale.register_fake
def _(x):
    return torch.empty_like(x)

def rescale_onnx(x):
    peak = op.ReduceMax(op.Abs(x))
    return op.Div(x, peak) if peak > 0 else x

class Net(torch.nn.Module):
    def forward(self, x):
        return rescale(x)  # expect: DX411

def build():
    registry = OnnxRegistry().with_op("dx411::rescale", rescale_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    operator: str
    function: str
    origin: str
    reason: str
    where: str

    def message(self) -> str:
        return f"The ONNX function `{self.function}` of `{self.operator}` raises: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.origin in ("torchlib", "onnxdx"):
            return (
                Fix(f"Register an ONNX function of your own for `{self.operator}`, or express it by other operators."),
            )
        return (Fix(f"Correct `{self.function}` at {self.where or self.origin}."),)
