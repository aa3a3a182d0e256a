"""DX111: a custom operator does not say the shape of its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoFakeKernel(Finding):
    """A custom operator has no fake kernel.

    ## What it means
    While the graph is captured tensors have no values. For its own operators torch knows which shape and dtype comes
    out; for a custom one it must be told.

    ## Why it stops the export
    Without the shape of this result nothing after it can be captured.

    ## How to fix it
    Register a function that makes an empty tensor of the right shape and dtype.
    """

    id: ClassVar[str] = "DX111"
    name: ClassVar[str] = "no-fake-kernel"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

@torch.library.custom_op("onnxdx_example::twist", mutates_args=())
def twist(x: torch.Tensor) -> torch.Tensor:
    return x.flip(0)

class Net(torch.nn.Module):
    def forward(self, x):
        return twist(x) * 2  # expect: DX111, DX301

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str
    arguments: tuple[str, ...] = ()

    def message(self) -> str:
        return f"`{self.operator}` has no fake kernel, so that the shape of its result is unknown."

    def fixes(self) -> tuple[Fix, ...]:
        parameters = ", ".join(self.arguments) or "x"
        first = parameters.partition(",")[0]
        text = (
            f'@torch.library.register_fake("{self.operator}")\n'
            f"def _({parameters}):\n"
            f"    return torch.empty_like({first})  # the shape and dtype of the result"
        )
        return (Fix("Register a fake kernel", text=text),)
