"""DX102: Python needs a number that is in a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DataDependentValue(Finding):
    """Python needs a number that is computed from tensor values.

    ## What it means
    A tensor is converted to a Python number, counts the turns of a loop, or picks an element of a list or dict.

    ## Why it stops the export
    A graph is captured once, without values. The number would be baked in as it is for the sample input.

    ## How to fix it
    Keep the number in the graph: `.item()` stays symbolic where `int()` does not, `torch.stack(parts)[i]` picks by a
    tensor where `parts[i]` does not, and a loop over rows becomes an operation on the whole tensor. A number that never
    changes belongs in the constructor, as a Python number.
    """

    id: ClassVar[str] = "DX102"
    name: ClassVar[str] = "data-dependent-value"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x, turns):
        for _ in range(turns):  # expect: DX102
            x = x * 2
        return x

def build():
    return Net(), (torch.rand(2, 3), torch.tensor(3))
"""

    expression: str
    loops: bool = False

    def message(self) -> str:
        if self.loops:
            return f"How often the loop over `{self.expression}` turns depends on the values of a tensor."
        return f"`{self.expression}` needs a number from a tensor, which a captured graph does not have."

    def fixes(self) -> tuple[Fix, ...]:
        if self.loops:
            return (
                Fix("Replace the loop by an operation on the whole tensor, or bound it by a number that Python knows"),
            )
        if self.expression.startswith(("int(", "float(")) and self.expression.endswith(")"):
            inner = self.expression.partition("(")[2][:-1]
            simple = all(character.isalnum() or character in "_.()" for character in inner)
            stays = f"{inner}.item()" if simple else f"({inner}).item()"
            return (
                Fix("Take the number with `.item()`, which stays symbolic", text=stays),
                Fix("Or keep computing with the tensor itself"),
            )
        return (Fix("Keep computing with the tensor: index with it, or choose with `torch.where`"),)
