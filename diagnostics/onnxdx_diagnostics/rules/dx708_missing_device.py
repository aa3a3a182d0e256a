"""DX708: the model asks for a device that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class MissingDevice(Finding):
    """The model is put on a device that this machine does not have.

    ## What it means
    The code that builds the model asks torch for a device (`cuda`, `mps`, `xpu`) that this machine or this build of
    torch does not have.

    ## Why it stops the export
    There is no model: its weights cannot be made or read.

    ## How to fix it
    Build the model on the CPU. An ONNX model has no device; the runtime chooses one.
    """

    id: ClassVar[str] = "DX708"
    name: ClassVar[str] = "missing-device"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

def build():
    return torch.nn.Linear(4, 2, device="mtia"), (torch.rand(1, 4),)  # expect: DX708
"""

    device: str

    def message(self) -> str:
        return f"The device `{self.device}` is not available here."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix('Build the model on the CPU: `model.to("cpu")`, `torch.load(..., map_location="cpu")`.'),)
