"""DX310: an ONNX function that the user registered stands for nothing in the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class FunctionUnused(Finding):
    """An ONNX function that was registered stands for nothing in the model.

    ## What it means
    `with_op` says which ONNX function stands for which operator. The model has an operator that looks like the one that
    is meant, but the function cannot be reached: the name is not that of an operator of torch, another overload is
    called, or something else comes first.

    ## Why it matters
    The export does without the function, as if it were not there, and computes with another one or fails.

    ## How to fix it
    Register the function for the operator that the model calls, by its full name or as an object, which cannot be
    misspelt:

    ```python
    registry = OnnxRegistry().with_op(torch.ops.aten.gelu.default, gelu)
    ```
    """

    id: ClassVar[str] = "DX310"
    name: ClassVar[str] = "function-unused"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset20 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

def gelu(x, approximate: str = "none"):
    return op.Gelu(x, approximate=approximate)

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.gelu(x)

def build():
    registry = OnnxRegistry().with_op("aten::gelu.Tensor", gelu)  # expect: DX310
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    operator: str
    why: str
    meant: tuple[str, ...] = ()

    def message(self) -> str:
        return f"The ONNX function registered for `{self.operator}` is not used: {self.why}."

    def fixes(self) -> tuple[Fix, ...]:
        if not self.meant:
            return (Fix(f"Take the function for `{self.operator}` out of the registry."),)
        names = " or ".join(f"`{name}`" for name in self.meant)
        return (Fix(f"Register the function for {names}."),)
