"""DX733: weights in the checkpoint have other shapes than in the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.named_weights import listed


@dataclass(frozen=True)
class WeightsMisshapen(Finding):
    """Weights in the checkpoint have other shapes than in the model.

    ## What it means
    The name is the same, the shape is not: the checkpoint is that of a model with other sizes.

    ## Why it stops the export
    The graph was made for the shapes of the model. Weights are never cut, padded or broadcast.

    ## How to fix it
    Build the model with the configuration of the checkpoint (vocabulary, number of classes, hidden sizes), or give the
    checkpoint of this very model.
    """

    id: ClassVar[str] = "DX733"
    name: ClassVar[str] = "weights-misshapen"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --weights weights.pt
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(10, 4)

    def forward(self, ids):
        return self.table(ids)  # expect: DX733

def build():
    torch.save({"table.weight": torch.rand(12, 4)}, "weights.pt")
    return Net(), (torch.tensor([[1, 2]]),)
"""

    checkpoint: str
    weights: tuple[str, ...]

    def message(self) -> str:
        return f"Weights in `{self.checkpoint}` have other shapes than in the model: {listed(self.weights)}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Build the model with the sizes of the checkpoint."),)
