"""DX105: a dim that was asked to be dynamic may take some sizes only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DimGuarded(Finding):
    """A dim that was asked to be dynamic may take some sizes only.

    ## What it means
    The captured graph is right only while a condition on the size holds: the code branched on the size, or an operator
    needs it (a view in rows of two needs an even size).

    ## Why it stops the export
    The model was asked to take every size. For the others the graph would fail, or give a result without being right.

    ## How to fix it
    Declare the sizes that are meant, as a `Dim` with bounds or as a multiple of another one; or write the line so that
    it works for every size.
    """

    id: ClassVar[str] = "DX105"
    name: ClassVar[str] = "dim-guarded"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 10:  # expect: DX105
            return x * 2
        return x

def build():
    return Net(), (torch.rand(4, 3),), {}, {"x": {0: "batch"}}
"""

    dim: str
    condition: str
    fails_at: int
    declare: str = ""

    def message(self) -> str:
        return f"`{self.dim}` was asked to be dynamic, but this line holds only for `{self.condition}`."

    def fixes(self) -> tuple[Fix, ...]:
        rewrite = Fix(f"Write the line so that it works for every size; it does not for {self.dim} = {self.fails_at}")
        if not self.declare:
            return (rewrite,)
        return (Fix("If no other size is meant, declare it in `dynamic_shapes`", text=self.declare), rewrite)
