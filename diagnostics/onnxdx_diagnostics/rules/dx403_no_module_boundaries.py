"""DX403: module functions were asked for, but the graph has no module calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoModuleBoundaries(Finding):
    """Functions for module calls were asked for, but the model calls no module.

    ## What it means
    `functions="modules"` makes each call of a submodule an ONNX function. This model computes everything in its own
    `forward()`, or its graph has lost the module calls (a saved program, a traced or compiled module).

    ## Why it matters
    The model comes out flat, as with `functions="none"`.

    ## How to fix it
    Export the model with its `nn.Module` structure, or leave the option out.
    """

    id: ClassVar[str] = "DX403"
    name: ClassVar[str] = "no-module-boundaries"
    level: ClassVar[Level] = Level.NOTE
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --functions modules
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return x.relu() + 1

def build():  # expect: DX403
    return Net(), (torch.rand(2, 4),)
"""

    def message(self) -> str:
        return "The model calls no submodule, so there is no module call to make an ONNX function of."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix('Leave out `functions="modules"`, or move parts of `forward()` into submodules.'),)
