"""DX502: the ONNX shape inference finds a contradiction in the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix

_PLACE = re.compile(r"^(?:Inference error\(s\): )?\(op_type:(\w+)[^)]*\): (?:\[\w+\] )?")


@dataclass(frozen=True)
class ShapeInferenceFails(Finding):
    """The ONNX shape inference finds a contradiction in the model.

    ## What it means
    ONNX's own shape inference, in its strict mode, computes the types and shapes of all values from the inputs on. At
    one node the operands do not fit each other, or an attribute does not fit the operands.

    ## Why it stops the export
    The node fails for every input, or computes something else than torch.

    ## How to fix it
    When the line calls an operator with an ONNX function of your own, the function is wrong: an axis out of range,
    operands in the wrong order, a missing `Cast` or `Unsqueeze`. Otherwise the fault is in onnxdx; please report it.
    """

    id: ClassVar[str] = "DX502"
    name: ClassVar[str] = "shape-inference-fails"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx502::mix", mutates_args=())
def mix(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return x @ weight.T

@mix.register_fake
def _(x, weight):
    return x.new_empty(x.shape[0], weight.shape[0])

def mix_onnx(x, weight):
    return op.MatMul(x, weight)

class Net(torch.nn.Module):
    def forward(self, x, weight):
        return mix(x, weight)  # expect: DX502

def build():
    registry = OnnxRegistry().with_op("dx502::mix", mix_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3), torch.rand(5, 3)), registry=registry)
"""

    reason: str
    operator: str = ""
    function: str = ""

    def message(self) -> str:
        reason = _PLACE.sub(r"`\1`: ", self.reason).rstrip(".")
        return f"The ONNX shape inference finds a contradiction: {reason}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.function:
            return (Fix(f"Correct the ONNX function of `{self.operator}` at {self.function}."),)
        return (
            Fix("Correct the ONNX function of the operator on this line; if it is none of yours, report the fault."),
        )
