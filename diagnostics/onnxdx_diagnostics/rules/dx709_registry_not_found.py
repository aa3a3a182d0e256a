"""DX709: the registry file that was asked for is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class RegistryNotFound(Finding):
    """The registry file that was asked for is not there.

    ## What it means
    `--registry FILE`, or `registry` in `[tool.onnxdx]`, names a Python file with ONNX functions of your own. There is
    no such file, or it is not a Python file.

    ## Why it stops the export
    The model would be exported without the functions, as if they were not wanted.

    ## How to fix it
    On the command line the path counts from the current folder, in pyproject.toml from the folder of that file.
    """

    id: ClassVar[str] = "DX709"
    name: ClassVar[str] = "registry-not-found"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --registry operators.py
import torch

def build():
    return torch.nn.Linear(4, 2), (torch.rand(1, 4),)
"""

    path: str
    missing: bool = True

    def message(self) -> str:
        return f"The registry file `{self.path}` {'does not exist' if self.missing else 'is not a Python file'}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Give the path of a Python file that defines `registry = onnxdx.OnnxRegistry()`."),)
