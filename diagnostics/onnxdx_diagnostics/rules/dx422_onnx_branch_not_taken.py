"""DX422: code that is meant for an ONNX export is not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OnnxBranchNotTaken(Finding):
    """The model asks `torch.onnx.is_in_onnx_export()`, and the answer is no.

    ## What it means
    The function speaks of the exporters of `torch.onnx` only. While onnxdx captures a model it is false, so that the
    code for eager is captured and the code for ONNX is not.

    ## Why it matters
    What the model does differently for ONNX is not in the ONNX model.

    ## How to fix it
    Ask what is true for every export:

    ```python
    if torch.compiler.is_exporting():
        ...
    ```
    """

    id: ClassVar[str] = "DX422"
    name: ClassVar[str] = "onnx-branch-not-taken"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        if torch.onnx.is_in_onnx_export():  # expect: DX422
            return x * 2
        return x + x

def build():
    return Net(), (torch.rand(2, 3),)
"""

    def message(self) -> str:
        return "`torch.onnx.is_in_onnx_export()` is false here, so that the code for ONNX is not captured."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Ask what is true for every export", text="torch.compiler.is_exporting()"),)
