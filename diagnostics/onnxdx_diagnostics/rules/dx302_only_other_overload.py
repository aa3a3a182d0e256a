"""DX302: only other overloads of an operator have an ONNX function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OnlyOtherOverload(Finding):
    """Only other overloads of an operator have an ONNX function.

    ## What it means
    An operator has one overload for each combination of argument types: `aten.pow` has `Tensor_Tensor`,
    `Tensor_Scalar` and `Scalar`. The one that the model calls has no ONNX function; others of the same name have.

    ## Why it stops the export
    Overloads take different arguments, so the function of one does not stand for another.

    ## How to fix it
    Call the operator with other argument types (a tensor in place of a number, or the other way round), so that an
    overload is called that has a function. Or register the function for this overload as well:

    ```python
    registry = OnnxRegistry().with_op("mylib::scale.Scalar", scale)
    ```
    """

    id: ClassVar[str] = "DX302"
    name: ClassVar[str] = "only-other-overload"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

library = torch.library.Library("dx302", "DEF")
library.define("scale.Tensor(Tensor x, Tensor factor) -> Tensor")
library.define("scale.Scalar(Tensor x, float factor) -> Tensor")
library.impl("scale.Tensor", lambda x, factor: x * factor, "CompositeExplicitAutograd")
library.impl("scale.Scalar", lambda x, factor: x * factor, "CompositeExplicitAutograd")

def scale(x, factor):
    return op.Mul(x, factor)

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.ops.dx302.scale(x, 0.5)  # expect: DX302

def build():
    registry = OnnxRegistry().with_op("dx302::scale.Tensor", scale)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    operator: str
    overloads: tuple[str, ...]

    def message(self) -> str:
        return f"This overload of `{self.operator}` has no ONNX function; {self._others()}."

    def _others(self) -> str:
        names = ", ".join(f"`{overload}`" for overload in self.overloads)
        return f"{names} has one" if len(self.overloads) == 1 else f"{names} have one"

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Call the operator with argument types that lead to `{self.overloads[0]}`."),
            Fix(f"Register an ONNX function for `{self.operator}`."),
        )
