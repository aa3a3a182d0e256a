"""DX706: the asked opset is not one that onnxdx exports to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class UnsupportedOpset(Finding):
    """The ONNX opset asked for is out of the supported range.

    ## What it means
    `--opset` (`opset_version` in Python) is the version of ONNX's default operator set that the model is written in.

    ## Why it stops the export
    The ONNX functions of the registry are written for a range of opsets; outside of it their operators do not exist or
    mean something else.

    ## How to fix it
    Use an opset of the range. A model for an older runtime can be brought down with `onnx.version_converter`.
    """

    id: ClassVar[str] = "DX706"
    name: ClassVar[str] = "unsupported-opset"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --opset 9
import torch

def build():  # expect: DX706
    return torch.nn.Linear(4, 2), (torch.rand(1, 4),)
"""

    opset: int
    lowest: int
    highest: int

    def message(self) -> str:
        return f"Opset {self.opset} is not supported: the range is {self.lowest} to {self.highest}."

    def fixes(self) -> tuple[Fix, ...]:
        nearest = min(max(self.opset, self.lowest), self.highest)
        return (Fix(f"Export to opset {nearest}."),)
