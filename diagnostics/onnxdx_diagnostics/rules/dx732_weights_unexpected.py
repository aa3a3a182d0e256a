"""DX732: the checkpoint holds weights that the model does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.named_weights import told


@dataclass(frozen=True)
class WeightsUnexpected(Finding):
    """The checkpoint holds weights that the model does not have.

    ## What it means
    Some names in the checkpoint are those of no parameter and no buffer of the model's state dict. Every weight that
    the model needs is there. Weights that the model has and its graph does not use are not told.

    ## Why it matters
    The exported model is complete. But a checkpoint with more than the model is often that of another model: one with
    another head, more layers, or weights that this model would compute otherwise.

    ## How to fix it
    Give the checkpoint of this very model, or take the names out that are not meant for it.
    """

    id: ClassVar[str] = "DX732"
    name: ClassVar[str] = "weights-unexpected"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --weights weights.pt
import torch

def build():  # expect: DX732
    model = torch.nn.Linear(4, 2)
    torch.save({**model.state_dict(), "head.weight": torch.rand(2, 2)}, "weights.pt")
    return model, (torch.rand(1, 4),)
"""

    checkpoint: str
    names: tuple[str, ...]

    def message(self) -> str:
        return f"`{self.checkpoint}` holds {told(self.names)}, which the model does not have."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Take these names out of the state dict, or export the model that has them."),)
