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
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx306::contrast", mutates_args=())
def contrast(image: torch.Tensor, size: int) -> torch.Tensor:
    return torch.nn.functional.local_response_norm(image, size)

@contrast.register_fake
def _(image, size):
    return torch.empty_like(image)

def contrast_onnx(image, size: int):
    return op.LRN(image, size=size)

class Net(torch.nn.Module):
    def forward(self, image):
        return contrast(image, image.shape[2] // 2)  # expect: DX306

def build():
    registry = OnnxRegistry().with_op("dx306::contrast", contrast_onnx)
    height = {"image": {2: torch.export.Dim("height", min=4)}}
    return ExportTarget(Net(), (torch.rand(1, 3, 12, 8),), dynamic_shapes=height, registry=registry)
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
