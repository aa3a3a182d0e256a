"""DX112: the fake kernel of a custom operator says something else than the operator does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class WrongFakeKernel(Finding):
    """The fake kernel of a custom operator gives another shape, dtype or number of results than the operator.

    ## What it means
    The operator was run on the values of the sample inputs, and its result is not what the fake kernel says of it.

    ## Why it stops the export
    While the graph is captured only the fake kernel is asked. All that comes after the operator is captured with a
    wrong shape or dtype, or cannot be captured at all.

    ## How to fix it
    Let the fake kernel make an empty tensor of the shape and dtype that the real one returns, computed from the shapes
    of its arguments:

    ```python
    @twist.register_fake
    def _(x):
        return x.new_empty(x.shape[1], x.shape[0])
    ```
    """

    id: ClassVar[str] = "DX112"
    name: ClassVar[str] = "wrong-fake-kernel"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

@torch.library.custom_op("dx112::longest", mutates_args=())
def longest(x: torch.Tensor) -> torch.Tensor:
    return x.argmax(-1)

@longest.register_fake
def _(x):
    return x.new_empty(x.shape[0])  # expect: DX112

class Net(torch.nn.Module):
    def forward(self, x):
        return longest(x) * 2  # expect: DX301

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str
    said: str
    real: str

    def message(self) -> str:
        return f"The fake kernel of `{self.operator}` says {self.said}, but the operator returns {self.real}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Let the fake kernel return {self.real} for these inputs."),)
