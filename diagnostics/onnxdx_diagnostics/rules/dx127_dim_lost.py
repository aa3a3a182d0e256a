"""DX127: a dim that the capture kept dynamic is fixed to one size on the way to ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DimLost(Finding):
    """A dim that the capture kept dynamic is fixed to one size on the way to ONNX.

    ## What it means
    The operator has no ONNX function and is expressed by others. The Python code that does so makes a number of the
    size: it loops over it, or asks whether it is even.

    ## Why it stops the export
    The model was asked to take every size. The graph would take the size of the sample input only.

    ## How to fix it
    Register an ONNX function for the operator, or write its decomposition with operators on tensors in place of Python
    on sizes.
    """

    id: ClassVar[str] = "DX127"
    name: ClassVar[str] = "dim-lost"
    level: ClassVar[Level] = Level.ERROR

    dim: str
    size: int
    operator: str = ""
    stage: str = ""

    def message(self) -> str:
        by = f"the decomposition of `{self.operator}`" if self.operator else f"the pass `{self.stage}`"
        return f"`{self.dim}` was asked to be dynamic, but {by} fixes it to {self.size}."

    def fixes(self) -> tuple[Fix, ...]:
        if not self.operator:
            return (Fix(f"Leave `{self.dim}` out of `dynamic_shapes`"),)
        return (
            Fix(f"Register an ONNX Script function for `{self.operator}`"),
            Fix(f"Or leave `{self.dim}` out of `dynamic_shapes`"),
        )
