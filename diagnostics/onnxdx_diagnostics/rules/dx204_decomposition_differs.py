"""DX204: the decomposition of an operator gives another dtype or rank than the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DecompositionDiffers(Finding):
    """The decomposition of an operator gives something else than the operator.

    ## What it means
    No ONNX function stands for this operator, and its decomposition returns a tensor of another dtype or with another
    number of dimensions than the operator does.

    ## Why it stops the export
    The operators behind it were captured for what the operator returns. With the decomposition in its place they would
    compute something else, or nothing.

    ## How to fix it
    For a custom operator, its fake implementation (`register_fake`) and its body disagree: make both return the same
    dtype and rank. For an operator of torch, register an ONNX function and it is not decomposed.
    """

    id: ClassVar[str] = "DX204"
    name: ClassVar[str] = "decomposition-differs"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from torch._decomp import decomposition_table

@torch.library.custom_op("dx204::count", mutates_args=())
def count(x: torch.Tensor) -> torch.Tensor:
    return (x > 0).sum(-1)

@count.register_fake
def _(x):
    return x.new_empty(x.shape[:-1], dtype=torch.int64)

def decomposed(x):
    return (x > 0).float().sum(-1)

decomposition_table[torch.ops.dx204.count.default] = decomposed

class Net(torch.nn.Module):
    def forward(self, x):
        return count(x)  # expect: DX204

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str
    difference: str

    def message(self) -> str:
        return f"The decomposition of `{self.operator}` gives something else: {self.difference.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Make the body and the fake implementation of `{self.operator}` return the same dtype and rank."),
            Fix(f"Register an ONNX function for `{self.operator}`, which is then not decomposed."),
        )
