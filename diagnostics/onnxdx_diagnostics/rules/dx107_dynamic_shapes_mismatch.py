"""DX107: `dynamic_shapes` does not fit the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DynamicShapesMismatch(Finding):
    """`dynamic_shapes` does not have the structure of the inputs.

    ## What it means
    An entry names an input, a key or an axis that is not there, an input has no entry, or a declared range leaves out
    the size of the sample input.

    ## Why it stops the export
    It is not clear which dims are meant to be dynamic.

    ## How to fix it
    Give one entry for each parameter of `forward`, in the nesting of the inputs: for a tensor a dict from axis to dim,
    and None for an input that stays as it is.
    """

    id: ClassVar[str] = "DX107"
    name: ClassVar[str] = "dynamic-shapes-mismatch"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y

def build():  # expect: DX107
    return Net(), (torch.rand(2, 3), torch.rand(2, 3)), {}, {"x": {0: "batch"}, "z": {0: "batch"}}
"""

    problems: tuple[str, ...]
    right: str = ""

    def message(self) -> str:
        return f"`dynamic_shapes` does not fit the inputs: {'; '.join(self.problems)}."

    def fixes(self) -> tuple[Fix, ...]:
        if not self.right:
            return ()
        return (Fix("Give it the structure of the inputs", text=f"dynamic_shapes = {self.right}"),)
