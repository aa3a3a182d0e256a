"""DX126: the model itself ties dims that were asked under different names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DimsTied(Finding):
    """The model itself ties dims that were asked under different names.

    ## What it means
    Each dim has a name of its own in `dynamic_shapes`, but the model adds, joins or compares the tensors, so that one
    size follows from the other. With sizes that do not fit together PyTorch fails too.

    ## Why it matters
    In the exported model they are one dim, under one of the names.

    ## How to fix it
    Give equal sizes the same name, and declare derived ones: `2 * half`, `short + 1`.
    """

    id: ClassVar[str] = "DX126"
    name: ClassVar[str] = "dims-tied"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y  # expect: DX126

def build():
    return Net(), (torch.rand(3, 4), torch.rand(3, 4)), {}, {"x": {0: "rows"}, "y": {0: "others"}}
"""

    dims: tuple[str, ...]
    condition: str
    declare: str = ""

    def message(self) -> str:
        listed = " and ".join(f"`{dim}`" for dim in self.dims)
        return f"{listed} were asked under different names, but this line needs `{self.condition}`."

    def fixes(self) -> tuple[Fix, ...]:
        one, equal, other = self.declare.partition(" = ")
        if equal and other.isidentifier():
            return (Fix(f"Give `{one}` and `{other}` the same name in `dynamic_shapes`"),)
        return (Fix("Declare in `dynamic_shapes` how the dims depend on each other", text=self.declare),)
