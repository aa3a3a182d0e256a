"""DX701: the target names a file, module or callable that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix

Missing = Literal["file", "python file", "module", "attribute", "callable", "program"]


@dataclass(frozen=True)
class TargetNotFound(Finding):
    """The target names something that is not there.

    ## What it means
    A target is `path/to/file.py:callable`, `package.module:callable` or a `.pt2` file. The file, the module or the name
    behind the colon does not exist, or the name is left out.

    ## Why it stops the export
    There is no model to export.

    ## How to fix it
    Paths and modules are looked up from the current folder. The names a file offers are its top-level functions,
    `nn.Module` classes and instances.
    """

    id: ClassVar[str] = "DX701"
    name: ClassVar[str] = "target-not-found"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:biuld
import torch

def build():
    return torch.nn.Linear(4, 2), (torch.rand(1, 4),)
"""

    target: str
    missing: Missing
    part: str
    candidates: tuple[str, ...] = ()

    def message(self) -> str:
        match self.missing:
            case "file":
                return f"The file `{self.part}` does not exist."
            case "python file":
                return f"`{self.part}` is not a Python file."
            case "module":
                return f"No module named `{self.part}` can be imported."
            case "attribute":
                return f"`{self.target}` does not exist: there is no `{self.part}` in it."
            case "callable":
                return f"`{self.target}` does not say what to export: the name behind the colon is missing."
            case "program":
                return f"`{self.part}` is not a program saved by `torch.export.save`."

    def fixes(self) -> tuple[Fix, ...]:
        return tuple(Fix(f"Export `{candidate}`.") for candidate in self.candidates)
