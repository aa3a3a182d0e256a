"""DX420: the `symbolic` of an autograd function is not used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class SymbolicIgnored(Finding):
    """An autograd function says by `symbolic` what it is in ONNX, and the graph holds its `forward` instead.

    ## What it means
    `symbolic` belongs to the exporter by TorchScript. torch.export runs `forward` and records the operators in it.

    ## Why it matters
    The numbers are those of `forward`, but the nodes that `symbolic` asks for are not in the ONNX model: an operator of
    a plugin, for example, is missing.

    ## How to fix it
    Make the function a custom operator, and register the ONNX function that stands for it:

    ```python
    @torch.library.custom_op("mylib::quantize", mutates_args=())
    def quantize(x: torch.Tensor) -> torch.Tensor: ...

    registry = OnnxRegistry().with_op("mylib::quantize", quantize_onnx)
    ```

    If the operators of `forward` are what you want, remove `symbolic`.
    """

    id: ClassVar[str] = "DX420"
    name: ClassVar[str] = "symbolic-ignored"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def symbolic(g, x):  # expect: DX420
        return g.op("Round", x)

class Net(torch.nn.Module):
    def forward(self, x):
        return Rounded.apply(x)

def build():
    return Net(), (torch.rand(2, 3),)
"""

    function: str

    def message(self) -> str:
        return f"`{self.function}.symbolic` is not used: the ONNX model holds the operators of its `forward`."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Make `{self.function}` a custom operator and register an ONNX function for it."),
            Fix("Remove `symbolic` if the operators of `forward` are what you want."),
        )
