"""DX129: the results depend on a tensor that the captured graph does not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class InputNotRead(Finding):
    """The results depend on an input tensor, and the captured graph does not read it.

    ## What it means
    The model was called with other values of this input and gave other results. In the graph nothing uses the input:
    what was computed from it went through something that torch.export does not follow, and became constants.

    ## Why it stops the export
    The ONNX model would give the results of the sample input for ever.

    ## How to fix it
    Compute with the tensor itself, by operators of torch. Derivatives (`torch.func.grad`) are written out as a formula,
    and what goes through numpy or another library becomes a custom operator.
    """

    id: ClassVar[str] = "DX129"
    name: ClassVar[str] = "input-not-read"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.func.grad(lambda v: (v**3).sum())(x)  # expect: DX129

def build():
    return Net(), (torch.rand(2, 3),)
"""

    input: str

    def message(self) -> str:
        return f"The results depend on the input `{self.input}`, and the captured graph does not read it."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Compute with `{self.input}` by operators of torch only, or in a custom operator."),)
