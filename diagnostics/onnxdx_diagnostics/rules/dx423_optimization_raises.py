"""DX423: an optimisation pass of the user's own raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OptimizationRaises(Finding):
    """An optimisation pass of your own raises.

    ## What it means
    `optimizations` of `ExportOptions` or of an `ExportTarget` names passes that are run on the ONNX model, behind those
    of onnxdx. This one raises.

    ## Why it stops the export
    What the pass was to do is not done, and it may have done a part of it. The passes behind it are run all the same.

    ## How to fix it
    Correct the pass, or leave it out. It is given the `onnx_ir.Model` and changes it in place.
    """

    id: ClassVar[str] = "DX423"
    name: ClassVar[str] = "optimization-raises"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxdx import ExportTarget

def rename(model):  # expect: DX423
    model.graph.inputs[7].name = "x"

def build():
    return ExportTarget(torch.nn.ReLU(), (torch.rand(2, 3),), optimizations=(rename,))
"""

    pass_name: str
    reason: str

    def message(self) -> str:
        return f"The optimisation pass `{self.pass_name}` raises {self.reason}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Correct `{self.pass_name}`, or leave it out of `optimizations`."),)
