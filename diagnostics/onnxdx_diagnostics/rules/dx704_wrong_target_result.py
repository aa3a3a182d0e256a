"""DX704: the target returns something else than a model with its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class WrongTargetResult(Finding):
    """The target does not return a model with its inputs.

    ## What it means
    A target returns `(model, args)`, `(model, args, kwargs)`, `(model, args, kwargs, dynamic_shapes)` or an
    `ExportTarget`; `args` is a tuple, `kwargs` a dict.

    ## Why it stops the export
    Without a module and inputs to run it on there is nothing to capture.

    ## How to fix it
    Return the model and a tuple of its inputs: `return model, (x, mask)`.
    """

    id: ClassVar[str] = "DX704"
    name: ClassVar[str] = "wrong-target-result"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

def build():  # expect: DX704
    return torch.nn.Linear(4, 2), "inputs"
"""

    target: str
    returned: str
    expected: str

    def message(self) -> str:
        return f"`{self.target}` returns {self.returned}, not {self.expected}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Return the model and a tuple of its inputs: `return model, (x, mask)`."),)
