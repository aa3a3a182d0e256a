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

class Histogram(torch.nn.Module):
    def forward(self, bins, weights):
        counts = torch.zeros_like(weights)
        return counts.scatter(1, bins, weights, reduce="add")  # expect: DX302

def build():
    return Histogram(), (torch.randint(0, 8, (4, 8)), torch.rand(4, 8))
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
