"""DX201: a mutation cannot be expressed without writing in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NotFunctional(Finding):
    """A write in place cannot be expressed without writing.

    ## What it means
    The model changes a tensor in place (`x.add_(1)`, `x[0] = y`, an operator with `out=`). torch rewrites such writes
    into operators that give new tensors; for this model the rewriting itself raised. The usual cause is a tensor that
    is a plain attribute of the module and neither a parameter nor a buffer.

    ## Why it stops the export
    Values of an ONNX graph never change. A write that is not rewritten has no meaning there.

    ## How to fix it
    State that lives from call to call is a buffer. Everything else can be computed without changing a tensor:

    ```python
    self.register_buffer("total", torch.zeros(3))   # instead of  self.total = torch.zeros(3)
    x = x + 1                                       # instead of  x.add_(1)
    x = torch.where(mask, 0, x)                     # instead of  x[mask] = 0
    ```

    A custom operator that writes in place must say so in its schema (`Tensor(a!) x`), and must not return what it
    writes into.
    """

    id: ClassVar[str] = "DX201"
    name: ClassVar[str] = "not-functional"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Running(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.total = torch.zeros(3)

    def forward(self, x):
        self.total.add_(x.sum(0))  # expect: DX201
        return x / self.total

def build():
    return Running(), (torch.rand(2, 3),)
"""

    operator: str
    reason: str

    def message(self) -> str:
        # torch explains at length and adds advice; its first sentence is the fact
        reason = self.reason.partition(". ")[0].rstrip(".")
        return f"The write in place by `{self.operator}` cannot be expressed without writing: {reason}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("If the tensor is a plain attribute of the module, make it a buffer: `register_buffer(name, tensor)`."),
            Fix(
                f"Compute a new tensor instead of writing with `{self.operator}`.",
                text="`x = x + 1` for `x.add_(1)`, `torch.where(mask, 0, x)` for `x[mask] = 0`.",
            ),
        )
