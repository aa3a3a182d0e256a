"""DX114: a module is compiled by TorchScript."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ScriptModule(Finding):
    """A module of the model is compiled by TorchScript.

    ## What it means
    `torch.jit.script` or `torch.jit.load` made this module. Its code runs in TorchScript and not in Python.

    ## Why it stops the export
    torch.export follows Python. It cannot see into a scripted module.

    ## How to fix it
    Use the module that was scripted in its place.
    """

    id: ClassVar[str] = "DX114"
    name: ClassVar[str] = "script-module"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.jit.script(torch.nn.Linear(4, 2))

    def forward(self, x):
        return self.head(x)  # expect: DX114

def build():
    return Net(), (torch.rand(2, 4),)
"""

    module: str

    def message(self) -> str:
        what = f"Module `{self.module}`" if self.module else "The model"
        return f"{what} is compiled by TorchScript, which torch.export cannot see into."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Use the module as it was before `torch.jit.script`"),)
