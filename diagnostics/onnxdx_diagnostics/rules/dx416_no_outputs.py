"""DX416: the model returns no tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoOutputs(Finding):
    """`forward()` returns no tensor, so the ONNX model has no output.

    ## What it means
    What the model returns is None, an empty container, or values that are known before it runs: numbers and strings
    that do not depend on the inputs.

    ## Why it stops the export
    An ONNX graph is what its outputs need. Without an output there is nothing to compute.

    ## How to fix it
    Return the tensors that the caller is to get:

    ```python
    def forward(self, x):
        self.last = self.layer(x)
        return self.last
    ```
    """

    id: ClassVar[str] = "DX416"
    name: ClassVar[str] = "no-outputs"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):  # expect: DX416
        x.relu()

def build():
    return Net(), (torch.rand(2, 3),)
"""

    returned: str

    def message(self) -> str:
        return f"The model returns `{self.returned}` and no tensor."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Return at least one tensor from `forward()`."),)
