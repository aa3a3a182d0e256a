"""DX502: the ONNX shape inference finds a contradiction in the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ShapeInferenceFails(Finding):
    """The ONNX shape inference finds a contradiction in the model.

    ## What it means
    ONNX's own shape inference, in its strict mode, computes the types and shapes of all values from the inputs on. At
    one node the operands do not fit each other, or an attribute does not fit the operands.

    ## Why it stops the export
    The node fails for every input, or computes something else than torch.

    ## How to fix it
    When the line calls an operator with an ONNX function of your own, the function is wrong: an axis out of range,
    operands in the wrong order, a missing `Cast` or `Unsqueeze`. Otherwise the fault is in onnxdx; please report it.
    """

    id: ClassVar[str] = "DX502"
    name: ClassVar[str] = "shape-inference-fails"
    level: ClassVar[Level] = Level.ERROR

    reason: str

    def message(self) -> str:
        return f"The ONNX shape inference finds a contradiction: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Correct the ONNX function of the operator on this line; if it is none of yours, report the fault."),
        )
