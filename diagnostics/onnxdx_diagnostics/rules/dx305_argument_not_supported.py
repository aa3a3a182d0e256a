"""DX305: the ONNX function of an operator has no parameter for an argument that matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ArgumentNotSupported(Finding):
    """The ONNX function of an operator has no parameter for an argument that changes the result.

    ## What it means
    The model passes an argument, with another value than its default, that the ONNX function for the operator does not
    know.

    ## Why it stops the export
    To leave the argument out would give a model that computes something else.

    ## How to fix it
    Leave the argument at its default and do what it asks for with further operators. If the function is your own, give
    it a parameter of that name, or register one that has it:

    ```python
    def scale(x, factor: float = 1.0, bias: float = 0.0):
        return op.Add(op.Mul(x, factor), bias)

    registry = OnnxRegistry().with_op("mylib::scale", scale)
    ```
    """

    id: ClassVar[str] = "DX305"
    name: ClassVar[str] = "argument-not-supported"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx305::scale", mutates_args=())
def scale(x: torch.Tensor, factor: float = 1.0, shift: float = 0.0) -> torch.Tensor:
    return x * factor + shift

@scale.register_fake
def _(x, factor=1.0, shift=0.0):
    return torch.empty_like(x)

def scale_onnx(x, factor: float = 1.0):
    return op.Mul(x, factor)

class Net(torch.nn.Module):
    def forward(self, x):
        return scale(x, 0.5) + scale(x, 0.5, shift=-1.0)  # expect: DX305

def build():
    registry = OnnxRegistry().with_op("dx305::scale", scale_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    operator: str
    arguments: tuple[str, ...]
    origin: str

    def message(self) -> str:
        return f"The ONNX function of `{self.operator}` has no parameter for {self._names()}."

    def _names(self) -> str:
        return ", ".join(f"`{argument}`" for argument in self.arguments)

    def fixes(self) -> tuple[Fix, ...]:
        leave = Fix(f"Leave {self._names()} at the default, and express the difference by other operators.")
        if self.origin in ("torchlib", "onnxdx"):
            return (leave, Fix(f"Register an ONNX function for `{self.operator}` that takes {self._names()}."))
        return (Fix(f"Give the ONNX function at {self.origin} a parameter for {self._names()}."), leave)
