"""DX605: a dynamic dimension works only at the size it was traced with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class FailsAtOtherSize(Finding):
    """A dimension that was asked to be dynamic works only at the size it was traced with.

    ## What it means
    The torch model runs with another size of this dimension, on inputs like those of the export. The ONNX model does
    not, or it disagrees there.

    ## Why it stops the export
    The dimension is dynamic by name only: the model file is right for the one size that it was traced with.

    ## How to fix it
    Look for a place where the size becomes a number and is baked in: a constant tensor made of it at export, a loop
    over `range(x.shape[0])`, an ONNX function of your own that reads `x.shape`. Compute from the tensor's shape
    instead:

    ```python
    positions = torch.arange(x.shape[1], device=x.device)   # not a buffer made for one length
    ```

    If the model is meant for one size, do not ask for a dynamic dimension.
    """

    id: ClassVar[str] = "DX605"
    name: ClassVar[str] = "fails-at-other-size"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx605::average", mutates_args=())
def average(x: torch.Tensor) -> torch.Tensor:
    return x.mean(1)

@average.register_fake
def _(x):
    return x.new_empty(x.shape[0])

def average_onnx(x):
    return op.Div(op.ReduceSum(x, [1], keepdims=0), 8.0)

class Net(torch.nn.Module):
    def forward(self, x):
        return average(x)  # expect: DX605

def build():
    registry = OnnxRegistry().with_op("dx605::average", average_onnx)
    time = torch.export.Dim("time")
    return ExportTarget(Net(), (torch.rand(2, 8),), {}, ({1: time},), registry)
"""

    dim: str
    size: int
    traced: int
    difference: str
    together: tuple[str, ...] = ()

    def message(self) -> str:
        if self.together:
            sizes = " and ".join(f"`{each}`" for each in self.together)
            return f"The dynamic dimensions do not work together at {sizes}: {self.difference.rstrip('.')}."
        return (
            f"The dynamic dimension `{self.dim}` works at the traced size {self.traced}, "
            f"but not at {self.size}: {self.difference.rstrip('.')}."
        )

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Compute what depends on `{self.dim}` from the tensor's shape, not from a number fixed at export."),
            Fix(f"Do not ask for `{self.dim}` to be dynamic if the model is meant for size {self.traced} only."),
        )
