"""DX603: ONNX Runtime fails while it runs the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class RuntimeFails(Finding):
    """ONNX Runtime fails while it runs the model.

    ## What it means
    ONNX Runtime loads the model, but stops with an error on inputs that the torch model takes.

    ## Why it stops the export
    The model file would fail on the very inputs it was exported with, or on other sizes that were asked for.

    ## How to fix it
    When the error names an operator with an ONNX function of your own, correct the function: an axis out of range, an
    index that is negative or too large, a shape that was computed wrong. When it happens at another size only, look for
    sizes that `forward()` turns into Python numbers (`int(x.shape[0])`).
    """

    id: ClassVar[str] = "DX603"
    name: ClassVar[str] = "runtime-fails"
    level: ClassVar[Level] = Level.ERROR

    reason: str
    sizes: str

    def message(self) -> str:
        at = f" with {self.sizes}" if self.sizes else ""
        return f"ONNX Runtime fails on the model{at}: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Correct the ONNX function of the operator on this line; if it is none of yours, report the fault."),
        )
