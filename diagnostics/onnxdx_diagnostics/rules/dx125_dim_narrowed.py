"""DX125: the model itself takes some sizes only of a dim that was asked to be dynamic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DimNarrowed(Finding):
    """The model itself takes some sizes only of a dim that was asked to be dynamic.

    ## What it means
    A size between others that work fails in PyTorch too: a view in rows of two needs an even size, windows of seven
    need a multiple of seven. The exported model is right for the sizes that work.

    ## Why it matters
    Nothing in the model file says so. Whoever runs it with another size gets an error of ONNX Runtime.

    ## How to fix it
    Declare the sizes that are meant, as a multiple of another `Dim`; or pad the input to a size that works.
    """

    id: ClassVar[str] = "DX125"
    name: ClassVar[str] = "dim-narrowed"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return x.view(-1, 2).sum(1)  # expect: DX125

def build():
    return Net(), (torch.rand(6),), {}, {"x": {0: "rows"}}
"""

    dim: str
    condition: str
    fails_at: int
    declare: str = ""

    def message(self) -> str:
        return (
            f"`{self.dim}` was asked to be dynamic, but this line needs `{self.condition}`: "
            f"PyTorch itself fails for {self.fails_at}."
        )

    def fixes(self) -> tuple[Fix, ...]:
        rewrite = Fix(f"Write the line so that it works for every size; it does not for {self.dim} = {self.fails_at}")
        if not self.declare:
            return (rewrite,)
        return (Fix("If no other size is meant, declare it in `dynamic_shapes`", text=self.declare), rewrite)
