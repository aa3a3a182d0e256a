"""DX306: an argument must be known at export, but the model computes it at run time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ConstantArgumentNeeded(Finding):
    """An argument must be known at export, but the model computes it at run time.

    ## What it means
    ONNX operators have inputs, which are computed, and attributes, which are written into the file. This argument
    becomes an attribute, and the model computes it: from a tensor, or from a dynamic dimension.

    ## Why it stops the export
    An attribute cannot change from call to call. The value at export would be baked in, and wrong for other inputs.

    ## How to fix it
    Use a constant, or make the dimension that it comes from static. Where the value must vary, express the operator by
    others that take it as a tensor:

    ```python
    x.repeat_interleave(2)                          # a constant
    F.pad(x, (0, width - x.shape[1]))               # a size that ONNX takes as an input
    ```
    """

    id: ClassVar[str] = "DX306"
    name: ClassVar[str] = "constant-argument-needed"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Covariance(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ridge = torch.nn.Parameter(torch.eye(4))

    def forward(self, x):
        return torch.addmm(self.ridge, x.T, x, alpha=1 / x.shape[0])  # expect: DX306

def build():
    return Covariance(), (torch.rand(8, 4),), {}, ({0: torch.export.Dim("samples")},)
"""

    operator: str
    argument: str

    def message(self) -> str:
        return f"`{self.argument}` of `{self.operator}` must be a constant in ONNX, but is computed at run time."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Pass a constant as `{self.argument}`."),
            Fix(f"If `{self.argument}` depends on a dynamic dimension, make that dimension static."),
        )
