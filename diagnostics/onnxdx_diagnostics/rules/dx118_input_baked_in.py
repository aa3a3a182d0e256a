"""DX118: a number that the model takes is a constant of the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class InputBakedIn(Finding):
    """The results depend on a number whose sample value has become part of the graph.

    ## What it means
    The model was called with another value of this input and gave other results. The ONNX model cannot: it was captured
    with the sample value, as every Python number is.

    ## Why it matters
    The ONNX model gives the results for that one value, whatever its caller wants.

    ## How to fix it
    Pass a tensor instead of a number:

    ```python
    def forward(self, x, scale: torch.Tensor):
        return x * scale

    onnxdx.export(model, (x, torch.tensor(2.0)))
    ```

    An integer may also be asked to be dynamic (`dynamic_shapes={"x": None, "count": Dim.DYNAMIC}`). If the value is
    meant to be fixed, give it to the constructor of the module, or make it the default of the parameter.
    """

    id: ClassVar[str] = "DX118"
    name: ClassVar[str] = "input-baked-in"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x, scale: float):  # expect: DX118
        return x * scale

def build():
    return Net(), (torch.rand(2, 3), 2.0)
"""

    input: str
    value: str

    def message(self) -> str:
        return f"The input `{self.input}` is the constant {self.value} in the ONNX model, and the result depends on it."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Pass a tensor instead of the number", text=f"{self.input} = torch.tensor({self.value})"),
            Fix(f"If {self.value} is meant to be fixed, make it the default of the parameter and leave it out."),
        )
