"""DX128: a constant of the captured graph is computed from the values of the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ConstantVaries(Finding):
    """A constant of the captured graph is computed from the values of the inputs.

    ## What it means
    With `--explain` (`ExportOptions(thorough=True)`) the model is captured a second time, on inputs that hold other
    values. The graph came out another one: what is written into it here was computed from the values of the inputs,
    outside the reach of the capture.

    ## Why it matters
    The ONNX model computes with the value that belongs to the inputs of the export, whatever it is given.

    ## How to fix it
    Compute the value in `forward()` from a tensor, with torch operators, or pass it as an input:

    ```python
    def forward(self, batch, limit):        # limit: a tensor, not a number kept beside the data
        return batch.clamp(max=limit)
    ```
    """

    id: ClassVar[str] = "DX128"
    name: ClassVar[str] = "constant-varies"
    level: ClassVar[Level] = Level.WARNING

    operator: str
    here: str
    there: str

    def message(self) -> str:
        if not self.there:
            return f"`{self.operator}` is called only with these values of the inputs; with others nothing is."
        if self.here == self.operator:
            return (
                f"`{self.operator}` is called only with these values of the inputs; with others it is `{self.there}`."
            )
        return (
            f"The constant {self.here} of `{self.operator}` is computed from the values of the inputs; "
            f"with others it is {self.there}."
        )

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Compute the value in `forward()` from a tensor of the inputs, with torch operators."),
            Fix("Pass it as a tensor, so that it is an input of the ONNX model."),
        )
