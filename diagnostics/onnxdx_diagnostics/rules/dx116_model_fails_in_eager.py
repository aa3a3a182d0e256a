"""DX116: the model does not run on these inputs, exported or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level


@dataclass(frozen=True)
class ModelFailsInEager(Finding):
    """The model does not run on these inputs, exported or not.

    ## What it means
    Calling the model with the sample inputs, in plain PyTorch, raises an exception.

    ## Why it stops the export
    A model that does not run has no graph.

    ## How to fix it
    Fix the model or its sample inputs until `model(*args, **kwargs)` works.
    """

    id: ClassVar[str] = "DX116"
    name: ClassVar[str] = "model-fails-in-eager"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.head(x)  # expect: DX116

def build():
    return Net(), (torch.rand(2, 3),)
"""

    error: str
    text: str

    def message(self) -> str:
        if self.error == "SystemExit":
            return f"The model exits the program with `{self.text or 0}`, without any export."
        said = f": {self.text.rstrip('.')}" if self.text else ""
        return f"The model raises `{self.error}` on these inputs without any export{said}."
