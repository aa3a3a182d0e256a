"""DX103: an operator must know something about a size that depends on tensor values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DataDependentSize(Finding):
    """An operator must know something about a size that depends on tensor values.

    ## What it means
    A tensor has as many elements as its values say (a boolean mask, `nonzero`, `unique`, a size from `.item()`), and an
    operator on it works one way for some sizes and another way for others.

    ## Why it stops the export
    While the graph is captured the size is unknown, so that torch cannot tell which way to take.

    ## How to fix it
    Say what holds for every input, with `torch._check`, before the operator is called; or keep the full size and mask.
    """

    id: ClassVar[str] = "DX103"
    name: ClassVar[str] = "data-dependent-size"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0.5]
        return torch.unbind(kept)[0]  # expect: DX103

def build():
    return Net(), (torch.rand(8) + 0.4,)
"""

    expression: str
    condition: str

    def message(self) -> str:
        known = f"whether `{self.condition}`" if self.condition else "a size"
        return f"`{self.expression}` must know {known}, which depends on the values of a tensor."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Say before this line what holds for every input", text="torch._check(y.shape[0] > 1)"),
            Fix("Or keep the full size and mask the rest, for example with `torch.where`"),
        )
