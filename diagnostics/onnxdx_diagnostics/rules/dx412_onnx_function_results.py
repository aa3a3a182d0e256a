"""DX412: the ONNX function of an operator returns the wrong number of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OnnxFunctionResults(Finding):
    """The ONNX function of an operator returns the wrong number of values.

    ## What it means
    An operator returns a fixed number of tensors. The ONNX function that stands for it returned another number.

    ## Why it stops the export
    The operators behind it use results that are not there, or nobody knows which of them is meant.

    ## How to fix it
    Return one value per result of the operator, in its order:

    ```python
    def split_gate(x):                   # mylib::split_gate(Tensor x) -> (Tensor, Tensor)
        return op.Sigmoid(x), op.Tanh(x)
    ```
    """

    id: ClassVar[str] = "DX412"
    name: ClassVar[str] = "onnx-function-results"
    level: ClassVar[Level] = Level.ERROR

    operator: str
    function: str
    origin: str
    reason: str

    def message(self) -> str:
        return f"The ONNX function `{self.function}` does not stand for `{self.operator}`: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.origin in ("torchlib", "onnxdx"):
            return (Fix(f"Register an ONNX function of your own for `{self.operator}`."),)
        return (Fix(f"Return one value per result of the operator from `{self.function}` at {self.origin}."),)
