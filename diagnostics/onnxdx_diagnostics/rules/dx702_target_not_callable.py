"""DX702: the target is not something that can be called without arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class TargetNotCallable(Finding):
    """The target cannot be called without arguments.

    ## What it means
    The name behind the colon is neither a callable, nor an `nn.Module`, nor an `ExportTarget`; or it is a callable that
    needs arguments.

    ## Why it stops the export
    onnxdx calls the target to get the model and its inputs, and has nothing to pass to it.

    ## How to fix it
    Point at a function without required parameters that returns `(model, args)`.
    """

    id: ClassVar[str] = "DX702"
    name: ClassVar[str] = "target-not-callable"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build
import torch

def build(width):  # expect: DX702
    return torch.nn.Linear(width, 2), (torch.rand(1, width),)
"""

    target: str
    kind: str
    signature: str = ""

    def message(self) -> str:
        if self.signature:
            return f"`{self.target}` cannot be called without arguments: its signature is `{self.signature}`."
        return f"`{self.target}` is of type `{self.kind}`, which is neither a callable nor a module."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Point at a function without required parameters that returns `(model, args)`."),)
