"""DX713: a registry file registers two ONNX functions for one operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class RegisteredTwice(Finding):
    """A registry file registers two ONNX functions for one operator.

    ## What it means
    Of two functions for one operator the later wins. In one file the earlier one can never be used.

    ## Why it stops the export
    One of the two is a mistake, and which one the model would be computed with hangs on the order of the lines.

    ## How to fix it
    Keep one of them. Functions for real and for complex tensors (`complex=True`) go side by side, and what a target
    registers itself goes behind what the file says.
    """

    id: ClassVar[str] = "DX713"
    name: ClassVar[str] = "registered-twice"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --registry example.py
import torch
from onnxscript import opset20 as op

from onnxdx import OnnxRegistry

registry = OnnxRegistry()

@registry.op("aten::gelu")
def gelu(x, approximate: str = "none"):
    return op.Gelu(x, approximate=approximate)

@registry.op("aten::gelu")  # expect: DX713
def gelu_by_tanh(x, approximate: str = "none"):
    return op.Gelu(x, approximate="tanh")

def build():
    return torch.nn.GELU(), (torch.rand(1, 4),)
"""

    operator: str
    first: str
    second: str
    line: int

    def message(self) -> str:
        return f"`{self.second}` is registered for `{self.operator}`, as `{self.first}` is in line {self.line}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Keep one of the two functions for `{self.operator}`."),)
