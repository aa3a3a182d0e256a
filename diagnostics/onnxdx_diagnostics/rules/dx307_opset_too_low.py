"""DX307: the ONNX function of an operator needs a higher opset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OpsetTooLow(Finding):
    """The ONNX function of an operator needs a higher opset than the one asked for.

    ## What it means
    An opset is a version of ONNX's operators. The function that stands for this operator uses ONNX operators that are
    newer than the opset asked for.

    ## Why it stops the export
    A runtime that reads the model as that opset does not know those operators.

    ## How to fix it
    Export to the higher opset: `--opset 23`, or `ExportOptions(opset_version=23)`. Where a runtime dictates the opset,
    express the operator by older ones, or register an ONNX function that does.
    """

    id: ClassVar[str] = "DX307"
    name: ClassVar[str] = "opset-too-low"
    level: ClassVar[Level] = Level.ERROR

    operator: str
    needed: int
    asked: int

    def message(self) -> str:
        return (
            f"`{self.operator}` has an ONNX function from opset {self.needed} on, and opset {self.asked} is asked for."
        )

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Export to opset {self.needed}: `--opset {self.needed}` or `opset_version={self.needed}`."),
            Fix(f"Register an ONNX function for `{self.operator}` that works at opset {self.asked}."),
        )
