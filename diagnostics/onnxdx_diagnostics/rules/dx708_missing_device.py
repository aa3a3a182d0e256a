"""DX708: the model asks for a device that is not there, or whose tensors hold no values."""

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
    torch does not have; or the model is on the device `meta`, whose tensors have shapes but no values.

    ## Why it stops the export
    The weights cannot be read, and the model cannot be run to compare its numbers.

    ## How to fix it
    Build the model on the CPU. An ONNX model has no device; the runtime chooses one.
    """

    id: ClassVar[str] = "DX708"
    name: ClassVar[str] = "missing-device"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

def build():  # expect: DX708
    return torch.nn.Linear(4, 2, device="meta"), (torch.rand(1, 4),)
"""

    device: str
    tensor: str = ""

    def message(self) -> str:
        if self.tensor:
            return f"`{self.tensor}` is on the device `{self.device}`, which holds no values."
        return f"The device `{self.device}` is not available here."

    def fixes(self) -> tuple[Fix, ...]:
        if self.tensor:
            return (Fix('Load the weights, or make room for them with `model.to_empty(device="cpu")`.'),)
        return (Fix('Build the model on the CPU: `model.to("cpu")`, `torch.load(..., map_location="cpu")`.'),)
