"""DX202: the decomposition of an operator raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DecompositionFails(Finding):
    """The decomposition of an operator raises.

    ## What it means
    No ONNX function stands for this operator, so onnxdx runs its decomposition to express it by simpler operators: the
    one torch has for it, or the Python body of a custom operator. That code raised on the shapes and dtypes of the
    model.

    ## Why it stops the export
    Without ONNX function and without decomposition nothing is left that computes the operator in ONNX.

    ## How to fix it
    Decompositions run on tensors that have shapes but no values. A body that reads values (`.item()`, `.numpy()`, `if
    x.sum() > 0`) fails there; keep such a body in torch operators. Or register an ONNX function, and the decomposition
    is not run at all:

    ```python
    from onnxscript import opset20 as op

    def gate(x):
        return op.Mul(x, op.Sigmoid(x))

    registry = OnnxRegistry().with_op("mylib::gate", gate)
    ```
    """

    id: ClassVar[str] = "DX202"
    name: ClassVar[str] = "decomposition-fails"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from torch._decomp import decomposition_table

@torch.library.custom_op("dx202::clip_norm", mutates_args=())
def clip_norm(x: torch.Tensor) -> torch.Tensor:
    return x / x.norm().clamp(min=1)

@clip_norm.register_fake
def _(x):
    return torch.empty_like(x)

def decomposed(x):
    return x / x.norm() if x.norm() > 1 else x

decomposition_table[torch.ops.dx202.clip_norm.default] = decomposed

class Net(torch.nn.Module):
    def forward(self, x):
        return clip_norm(x)  # expect: DX202

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str
    reason: str

    def message(self) -> str:
        return f"The decomposition of `{self.operator}` raises: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Register an ONNX function for `{self.operator}`, which is then not decomposed."),
            Fix(f"Make the decomposition of `{self.operator}` work on tensors without values: torch operators only."),
        )
