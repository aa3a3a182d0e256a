"""DX104: a dim that was asked to be dynamic is fixed to one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DimSpecialised(Finding):
    """A dim that was asked to be dynamic is fixed to one size.

    ## What it means
    The code works for one size of this dim only, or turns the size into a plain number.

    ## Why it stops the export
    The model was asked to take every size. The graph would take the size of the sample input only.

    ## How to fix it
    Write the line so that it works for every size, or take the dim out of `dynamic_shapes`. When the sample input has
    size 0 or 1 there, give one with size 2 or more: torch takes 0 and 1 as constants.
    """

    id: ClassVar[str] = "DX104"
    name: ClassVar[str] = "dim-specialised"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.position = torch.nn.Parameter(torch.rand(6, 4))

    def forward(self, x):
        return x + self.position  # expect: DX104

def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
"""

    dim: str
    size: int
    input: str
    axis: int
    condition: str = ""
    by_sample: bool = False

    def message(self) -> str:
        asked = f"`{self.dim}` was asked to be dynamic"
        if self.by_sample:
            return f"{asked}, but `{self.input}` has size {self.size} there, which torch takes as a constant."
        return f"{asked}, but this line fixes it to {self.size}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.by_sample:
            return (Fix(f"Give a sample input with size 2 or more on axis {self.axis} of `{self.input}`"),)
        return (
            Fix("Write the line so that it works for every size"),
            Fix(f"Or leave axis {self.axis} of `{self.input}` out of `dynamic_shapes`"),
        )
