"""DX120: the functions given to a control flow operator do not fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ControlFlowMisfit(Finding):
    """The functions given to `torch.cond`, `while_loop`, `scan` or `map` do not fit together.

    ## What it means
    The branches of a decision give results of different number, dtype or shape, the body of a loop gives something
    else than it takes, a function hands back or writes into its operand, or an operand is no tensor.

    ## Why it stops the export
    Each function becomes a graph of its own. What follows must be the same whichever of them runs, and however often.

    ## How to fix it
    Make all branches return the same structure of new tensors, with the same dtypes and shapes; make the body of a loop
    return what it takes; pass numbers and strings by closure, tensors as operands.
    """

    id: ClassVar[str] = "DX120"
    name: ClassVar[str] = "control-flow-misfit"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x.long(), (x,))  # expect: DX120

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str
    problem: str

    def message(self) -> str:
        return f"`{self.operator}` cannot become part of the graph: {self.problem}."

    def fixes(self) -> tuple[Fix, ...]:
        known = next((fix for word, fix in _FIXES.items() if word in self.problem), None)
        if known is not None:
            return (known,)
        if self.operator == "torch.cond":
            return (Fix("Make both branches return the same structure of tensors, with the same dtypes and shapes"),)
        return (Fix("Make the function return what it takes: as many tensors, of the same dtypes and shapes"),)


_FIXES = {
    "dtype": Fix("Convert one of them, for example with `.to(x.dtype)`"),
    "itself": Fix("Return a copy of the operand", text="x.clone()"),
    "writes": Fix("Compute a new tensor instead of writing into the operand", text="x + 1  # not x.add_(1)"),
    "operands": Fix("Pass tensors as a tuple, and anything else by closure", text="torch.cond(p, yes, no, (x,))"),
    "one element": Fix("Reduce it to one decision, for example with `.any()` or `.all()`"),
}
