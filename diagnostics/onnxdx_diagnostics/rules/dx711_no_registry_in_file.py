"""DX711: the registry file defines no registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoRegistryInFile(Finding):
    """The registry file defines no registry.

    ## What it means
    A registry file is a Python file with a variable `registry`, an `OnnxRegistry`. There is no such variable, or it
    holds something else.

    ## Why it stops the export
    The model would be exported without the functions, as if they were not wanted.

    ## How to fix it
    Make a registry and put each function under the operator that it stands for:

    ```python
    registry = onnxdx.OnnxRegistry()

    @registry.op("mylib::twist")
    def twist(x, turns: int):
        ...
    ```
    """

    id: ClassVar[str] = "DX711"
    name: ClassVar[str] = "no-registry-in-file"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --registry example.py
import torch

registry = {"aten::relu": torch.relu}  # expect: DX711

def build():
    return torch.nn.Linear(4, 2), (torch.rand(1, 4),)
"""

    path: str
    kind: str = ""

    def message(self) -> str:
        if self.kind:
            return f"`registry` in `{self.path}` is of type `{self.kind}`, not an `OnnxRegistry`."
        return f"`{self.path}` defines no `registry`."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Define `registry = onnxdx.OnnxRegistry()` at the top level of the file."),)
