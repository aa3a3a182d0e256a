"""DX119: the model takes no tensor, so that its results are constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoTensorInputs(Finding):
    """The model takes no tensor, so that the ONNX model has no inputs and constant results.

    ## What it means
    `forward()` was given no tensor: nothing at all, or numbers and flags, which are fixed when the graph is captured.

    ## Why it matters
    There is nothing to compute: the ONNX model gives the same result in each call.

    ## How to fix it
    Give the sample inputs as tensors, or store the result instead of exporting the model.
    """

    id: ClassVar[str] = "DX119"
    name: ClassVar[str] = "no-tensor-inputs"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.rand(3, 3))

    def forward(self):  # expect: DX119
        return self.table @ self.table

def build():
    return Net(), ()
"""

    def message(self) -> str:
        return "The model takes no tensor: the ONNX model has no input, and its results are constants."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Give `forward()` its inputs as tensors."),)
