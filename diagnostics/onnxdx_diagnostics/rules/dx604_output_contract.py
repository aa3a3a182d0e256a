"""DX604: the outputs of the ONNX model differ from eager in count, dtype or shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OutputContract(Finding):
    """The outputs of the ONNX model are not those of the torch model in count, dtype or shape.

    ## What it means
    The exported model was run in ONNX Runtime on the inputs of the export (or on inputs of another size). It returns
    another number of outputs, or an output of another dtype or shape, than the torch model.

    ## Why it stops the export
    Who calls the model gets something else than from the torch model, even where the numbers look alike.

    ## How to fix it
    When the operator on the line has an ONNX function of your own, let it return the operator's dtype and shape. When
    the shape depends on the values of the inputs, look at how `forward()` computes it.
    """

    id: ClassVar[str] = "DX604"
    name: ClassVar[str] = "output-contract"
    level: ClassVar[Level] = Level.ERROR

    output: str
    difference: str
    sizes: str

    def message(self) -> str:
        at = f" with {self.sizes}" if self.sizes else ""
        return f"The output `{self.output}` of the ONNX model is not that of eager{at}: {self.difference.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Let the operator that computes `{self.output}` return the dtype and shape that torch returns."),)
