"""DX501: the ONNX checker refuses the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class CheckerRejects(Finding):
    """The ONNX checker refuses the model.

    ## What it means
    `onnx.checker`, which knows the ONNX standard, finds the exported model invalid: an operator or an attribute that
    does not exist at this opset, an input that is missing, types that do not fit.

    ## Why it stops the export
    No runtime has to load such a model.

    ## How to fix it
    When the line calls an operator with an ONNX function of your own, the function is wrong: compare its calls with the
    operator's page of the ONNX documentation, at the opset of the export. Otherwise the fault is in onnxdx; please
    report it with the output of `onnxdx repro`.
    """

    id: ClassVar[str] = "DX501"
    name: ClassVar[str] = "checker-rejects"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx501::upsample", mutates_args=())
def upsample(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.interpolate(x, scale_factor=2.0)

@upsample.register_fake
def _(x):
    return x.new_empty(*x.shape[:2], x.shape[2] * 2, x.shape[3] * 2)

def upsample_onnx(x):
    return op.Upsample(x, [1.0, 1.0, 2.0, 2.0])

class Net(torch.nn.Module):
    def forward(self, x):
        return upsample(x)  # expect: DX501

def build():
    registry = OnnxRegistry().with_op("dx501::upsample", upsample_onnx)
    return ExportTarget(Net(), (torch.rand(1, 3, 4, 4),), registry=registry)
"""

    reason: str
    operator: str = ""
    function: str = ""

    def message(self) -> str:
        return f"The ONNX checker refuses the model: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.function:
            return (Fix(f"Correct the ONNX function of `{self.operator}` at {self.function}."),)
        return (
            Fix("Correct the ONNX function of the operator on this line; if it is none of yours, report the fault."),
        )
