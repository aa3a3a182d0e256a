"""DX101: Python decides by the values of a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DataDependentBranch(Finding):
    """An `if`, `while`, `assert` or `and` decides by values in a tensor.

    ## What it means
    Python asks for the truth of something that is computed from tensor values. The answer differs from input to input.

    ## Why it stops the export
    A graph is captured once, without values. It would hold only the side that the sample input happens to take, and
    give wrong results for every input that takes the other one.

    ## How to fix it
    Make the decision part of the graph: `torch.where` when both sides are cheap and of one shape, `torch.cond` when
    only one side may run. A check that is only for people can be left out while exporting.
    """

    id: ClassVar[str] = "DX101"
    name: ClassVar[str] = "data-dependent-branch"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: DX101
            return x * 2
        return x - 1

def build():
    return Net(), (torch.rand(2, 3),)
"""

    keyword: str
    test: str
    rewrite: str = ""

    def message(self) -> str:
        decision = f"{self.keyword} {self.test}" if self.keyword in ("if", "while", "assert", "match") else self.test
        return f"`{decision}` decides by the values of a tensor, which a captured graph does not have."

    def fixes(self) -> tuple[Fix, ...]:
        if self.keyword == "assert":
            text = f"if not torch.compiler.is_exporting():\n    assert {self.test}"
            return (Fix("Leave the check out of the exported graph", text=text),)
        if self.keyword == "while":
            text = "torch.while_loop(cond_fn, body_fn, carried_inputs)"
            return (Fix("Bound the loop by a number that Python knows, or make it part of the graph", text=text),)
        if self.keyword == "match":
            return (Fix("Compute every case and choose with `torch.where`, or nest `torch.cond`"),)
        if self.keyword == "filter":
            return (Fix("Keep every element and mask it, for example with `torch.where`, instead of dropping some"),)
        if self.keyword == "call":
            return (Fix("Call something that does not decide by values, or turn off its check where it is one"),)
        template = f"torch.cond({self.test}, true_fn, false_fn, operands)"
        return (
            Fix(
                "Make both sides part of the graph with `torch.cond`; they must give the same shape and dtype",
                text=self.rewrite or template,
            ),
            Fix("When both sides are cheap and of one shape, compute both and choose with `torch.where`"),
        )
