"""DX203: an operator decomposes only into operators that ONNX has no function for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DecompositionDeadEnd(Finding):
    """An operator decomposes into operators that have no ONNX function.

    ## What it means
    No ONNX function stands for this operator. It has a decomposition, but what that leaves behind has no ONNX function
    either.

    ## Why it stops the export
    Every operator must become ONNX operators. This one would leave a hole in the model, decomposed or not.

    ## How to fix it
    One ONNX function is enough: for the operator itself, or for what it decomposes into, which then also serves other
    operators that lead there. Or call operators that ONNX has.

    ```python
    registry = OnnxRegistry().with_op("mylib::gate", gate)
    ```
    """

    id: ClassVar[str] = "DX203"
    name: ClassVar[str] = "decomposition-dead-end"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Whiten(torch.nn.Module):
    def forward(self, x):
        covariance = x.transpose(-1, -2) @ x + torch.eye(4)
        return x @ torch.linalg.inv(covariance)  # expect: DX203

def build():
    return Whiten(), (torch.rand(2, 8, 4),)
"""

    operator: str
    leaves: tuple[str, ...]

    def message(self) -> str:
        leaves = ", ".join(f"`{leaf}`" for leaf in self.leaves)
        return f"`{self.operator}` has no ONNX function, and neither has what it decomposes into: {leaves}."

    def fixes(self) -> tuple[Fix, ...]:
        inner = Fix(f"Register an ONNX function for `{self.leaves[0]}`.") if len(self.leaves) == 1 else None
        outer = Fix(f"Register an ONNX function for `{self.operator}`, or express it by other operators.")
        return (inner, outer) if inner else (outer,)
