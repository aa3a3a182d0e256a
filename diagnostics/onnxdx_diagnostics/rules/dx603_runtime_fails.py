"""DX603: ONNX Runtime fails while it runs the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix

_NOISE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : |(?<=Status Message: )/\S+ .*? was false\. ")
_NODE = re.compile(r"^Non-zero status code returned while running (\w+) node\. Name:'[^']*' Status Message: ")


@dataclass(frozen=True)
class RuntimeFails(Finding):
    """ONNX Runtime fails while it runs the model.

    ## What it means
    ONNX Runtime loads the model, but stops with an error on inputs that the torch model takes.

    ## Why it stops the export
    The model file would fail on the very inputs it was exported with, or on other sizes that were asked for.

    ## How to fix it
    When the error names an operator with an ONNX function of your own, correct the function: an axis out of range, an
    index that is negative or too large, a shape that was computed wrong. When it happens at another size only, look for
    sizes that `forward()` turns into Python numbers (`int(x.shape[0])`).
    """

    id: ClassVar[str] = "DX603"
    name: ClassVar[str] = "runtime-fails"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx603::lookup", mutates_args=())
def lookup(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return table[ids % table.shape[0]]

@lookup.register_fake
def _(table, ids):
    return table.new_empty(*ids.shape, table.shape[1])

def lookup_onnx(table, ids):
    return op.Gather(table, ids)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.rand(8, 4))

    def forward(self, ids):
        return lookup(self.table, ids)  # expect: DX603

def build():
    registry = OnnxRegistry().with_op("dx603::lookup", lookup_onnx)
    return ExportTarget(Net(), (torch.tensor([3, 11, 5]),), registry=registry)
"""

    reason: str
    sizes: str
    operator: str = ""
    function: str = ""

    def message(self) -> str:
        at = f" with {self.sizes}" if self.sizes else ""
        reason = _NODE.sub(r"`\1`: ", _NOISE.sub("", self.reason)).rstrip(".")
        return f"ONNX Runtime fails on the model{at}: {reason}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.function:
            return (Fix(f"Correct the ONNX function of `{self.operator}` at {self.function}."),)
        return (
            Fix("Correct the ONNX function of the operator on this line; if it is none of yours, report the fault."),
        )
