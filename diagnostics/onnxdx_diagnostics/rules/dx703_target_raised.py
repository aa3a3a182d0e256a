"""DX703: the user's code raised or exited before there was a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class TargetRaised(Finding):
    """The code that builds the model raises an exception.

    ## What it means
    Importing the target's file, or calling the target, ended in an exception or in `sys.exit`.

    ## Why it stops the export
    There is no model to export.

    ## How to fix it
    The finding stands on the innermost line of your own code; the stack shows how it got there. `--traceback` prints
    Python's own traceback.
    """

    id: ClassVar[str] = "DX703"
    name: ClassVar[str] = "target-raised"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

def build():
    model = torch.nn.Linear(4, 2)
    model.load_state_dict({})  # expect: DX703
    return model, (torch.rand(1, 4),)
"""

    doing: str
    error: str
    text: str = ""
    module: str = ""
    """The target by its module, where its file is part of a package and relies on that."""

    def message(self) -> str:
        if self.error == "SystemExit":
            return f"{self.doing} exits the program with `{self.text or 0}`."
        text = self.text.rstrip(".")
        return f"{self.doing} raises `{self.error}`: {text}." if text else f"{self.doing} raises `{self.error}`."

    def fixes(self) -> tuple[Fix, ...]:
        if not self.module:
            return ()
        return (Fix(f"Name the target by its module, in the folder that holds the package: `{self.module}`"),)
