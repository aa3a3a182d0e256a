"""DX734: weights in the checkpoint have a type that does not become that of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.named_weights import listed


@dataclass(frozen=True)
class WeightsOfOtherDtype(Finding):
    """Weights in the checkpoint have a type that does not become that of the model.

    ## What it means
    Floating-point numbers of 16 bits and more are converted to the type that the model computes in, integers to wider
    ones. Nothing else is: a quantised or packed weight (8-bit floats, bytes of 4-bit numbers) is not the number that it
    stands for, and numbers cut to integers are not the numbers that they were.

    ## Why it stops the export
    The graph would compute with other numbers than the checkpoint means.

    ## How to fix it
    Build the model as the checkpoint was made, with its quantisation, or convert the checkpoint first.
    """

    id: ClassVar[str] = "DX734"
    name: ClassVar[str] = "weights-of-other-dtype"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --weights weights.pt
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(4))

    def forward(self, x):
        return x * self.scale  # expect: DX734

def build():
    torch.save({"scale": torch.ones(4, dtype=torch.int8)}, "weights.pt")
    return Net(), (torch.rand(1, 4),)
"""

    checkpoint: str
    weights: tuple[str, ...]

    def message(self) -> str:
        return f"Weights in `{self.checkpoint}` have types that do not become the model's: {listed(self.weights)}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Build the model as the checkpoint was made, or convert the checkpoint to the model's types."),)
