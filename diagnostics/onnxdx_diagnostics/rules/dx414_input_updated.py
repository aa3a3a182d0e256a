"""DX414: forward writes into its input, which ONNX cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class InputUpdated(Finding):
    """`forward()` writes into its input, and an ONNX model cannot.

    ## What it means
    The model changes a tensor that it was given (`x.mul_(2)`, `x[:, 0] = 0`). The caller of the torch model sees the
    change. In the ONNX model the input stays as it is, and the changed tensor is an additional output.

    ## Why it matters
    A caller who relies on the change does not get it, and the model has an output more than the torch model.

    ## How to fix it
    Write into a copy when the change is not meant for the caller, and return the tensor when it is:

    ```python
    x = x * 2                  # instead of  x.mul_(2)
    x = x.clone(); x[:, 0] = 0
    ```
    """

    id: ClassVar[str] = "DX414"
    name: ClassVar[str] = "input-updated"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        x.clamp_(min=0)  # expect: DX414
        return x.sum(-1)

def build():
    return Net(), (torch.rand(2, 3),)
"""

    input: str
    output: str

    def message(self) -> str:
        return f"`forward()` writes into its input `{self.input}`; in ONNX the new value is the output `{self.output}`."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Write into a copy: `{self.input} = {self.input}.clone()` before the write."),
            Fix(f"Return the changed `{self.input}`, and use what is returned."),
        )
