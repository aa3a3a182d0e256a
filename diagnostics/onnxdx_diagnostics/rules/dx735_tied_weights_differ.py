"""DX735: the checkpoint holds different values for weights that the model ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class TiedWeightsDiffer(Finding):
    """The checkpoint holds different values for weights that the model ties.

    ## What it means
    The model uses one tensor under several names, and the checkpoint has values under more than one of them that are
    not the same.

    ## Why it stops the export
    The graph holds the tensor once. Whichever values it gets, one of the names means others.

    ## How to fix it
    Untie the weights in the model (for transformers: `tie_word_embeddings=False`), or keep one of the names in the
    checkpoint.
    """

    id: ClassVar[str] = "DX735"
    name: ClassVar[str] = "tied-weights-differ"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --weights weights.pt
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.into = torch.nn.Linear(4, 4, bias=False)
        self.out = torch.nn.Linear(4, 4, bias=False)
        self.out.weight = self.into.weight

    def forward(self, x):
        x = self.into(x)  # expect: DX735
        return self.out(x)

def build():
    torch.save({"into.weight": torch.rand(4, 4), "out.weight": torch.rand(4, 4)}, "weights.pt")
    return Net(), (torch.rand(1, 4),)
"""

    checkpoint: str
    names: tuple[str, ...]

    def message(self) -> str:
        first, *others = (f"`{name}`" for name in self.names)
        return f"{first} and {', '.join(others)} are one tensor in the model and differ in `{self.checkpoint}`."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Untie the weights in the model, or keep one of the names in the checkpoint."),)
