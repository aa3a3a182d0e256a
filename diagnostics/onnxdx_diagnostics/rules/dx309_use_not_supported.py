"""DX309: an operator has an ONNX function, but not for this use of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix, returning


@dataclass(frozen=True)
class UseNotSupported(Finding):
    """An operator has an ONNX function, but not for this use of it.

    ## What it means
    The ONNX function of the operator stands for most of its uses. This one, with the value of an argument, the dtype or
    the number of dimensions that the model has here, has no form in ONNX operators.

    ## Why it stops the export
    The nearest form would compute something else. An ONNX operator writes into nothing: a custom operator that does has
    a form when it is known what it writes, which is not so of two arguments that share elements.

    ## How to fix it
    Call the operator in another way, express it by other operators, or register an ONNX function that has this use:

    ```python
    registry = OnnxRegistry().with_op("aten::rrelu", rrelu)
    ```

    A custom operator that writes into its arguments (`mutates_args`) can return what it computes instead; its caller
    writes, and torch makes that part of the graph.
    """

    id: ClassVar[str] = "DX309"
    name: ClassVar[str] = "use-not-supported"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x, mask):
        spectrum = torch.fft.rfft(x)
        spectrum = spectrum.masked_fill(mask, x.sum())  # expect: DX309
        return torch.fft.irfft(spectrum)

def build():
    return Net(), (torch.rand(2, 8), torch.rand(2, 5) > 0.5)
"""

    operator: str
    use: str
    writes: bool = False

    def message(self) -> str:
        return f"`{self.operator}` has no form in ONNX for this use of it: {self.use.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.writes:
            return (returning(self.operator),)
        return (
            Fix(f"Call `{self.operator}` in another way, or express it by other operators."),
            Fix(f"Register an ONNX function for `{self.operator}` that has this use."),
        )
