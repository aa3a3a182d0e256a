"""DX607: equal values come out in another order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OrderOfEquals(Finding):
    """Equal values come out in another order than in torch.

    ## What it means
    The operator gives positions (`topk`, `sort`, `argmax`, ...), and the inputs of the export hold equal values. ONNX
    Runtime names other positions of the same values than torch does.

    ## Why it matters
    The values agree, so both are right: torch leaves the order of equal values open. ONNX prefers lower positions. What
    is computed from the positions differs all the same, so the numbers of the model are not proven.

    ## How to fix it
    Export with inputs that hold no equal values there. If ties do happen in use, make the order unique:

    ```python
    scores.sort(dim=-1, stable=True)
    ```
    """

    id: ClassVar[str] = "DX607"
    name: ClassVar[str] = "order-of-equals"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, votes):
        return votes.topk(3).indices  # expect: DX607

def build():
    return Net(), (torch.tensor([1, 0, 1, 1, 0, 1, 0, 1]),)
"""

    operator: str

    def message(self) -> str:
        return f"`{self.operator}` gives other positions of equal values in ONNX Runtime than in torch."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Export with inputs that hold no equal values there."),
            Fix("Make the order of equal values unique: `sort(..., stable=True)`."),
        )
