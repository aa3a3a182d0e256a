"""DX106: dims that were asked to vary on their own depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DimsRelated(Finding):
    """Dims that were asked to vary on their own depend on each other.

    ## What it means
    The code works only for sizes that fit together: two tensors are added, or one is a slice of the other.

    ## Why it stops the export
    Each dim was declared under its own name, so that every combination of sizes would have to work.

    ## How to fix it
    Declare the dims as what they are: the same name for equal sizes, `2 * half` or `short + 1` for derived ones.
    """

    id: ClassVar[str] = "DX106"
    name: ClassVar[str] = "dims-related"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from torch.export import Dim

class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y[1:]  # expect: DX106

def build():
    short, long = Dim("short"), Dim("long")
    return Net(), (torch.rand(5), torch.rand(6)), {}, {"x": {0: short}, "y": {0: long}}
"""

    dims: tuple[str, ...]
    condition: str
    declare: str = ""

    def message(self) -> str:
        listed = " and ".join(f"`{dim}`" for dim in self.dims)
        return f"{listed} were asked to vary on their own, but this line needs `{self.condition}`."

    def fixes(self) -> tuple[Fix, ...]:
        one, equal, other = self.declare.partition(" = ")
        if equal and other.isidentifier():
            return (Fix(f"Give `{one}` and `{other}` the same name in `dynamic_shapes`"),)
        return (Fix("Declare in `dynamic_shapes` how the dims depend on each other", text=self.declare),)
