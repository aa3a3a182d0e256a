"""DX110: a construct of Python that torch.export cannot follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class UnsupportedPython(Finding):
    """The line works when the model runs, but not while its graph is captured.

    ## What it means
    While the graph is captured, tensors have shapes and no values. This line needs more: memory of a tensor, a library
    that is not torch, or a feature of Python that torch does not follow.

    ## Why it stops the export
    What happens outside torch leaves no trace in the graph.

    ## How to fix it
    Compute it with torch operators; or wrap it as a custom operator (`torch.library.custom_op`), which then needs an
    ONNX function of its own; or do it before the model is called, and pass the result in.
    """

    id: ClassVar[str] = "DX110"
    name: ClassVar[str] = "unsupported-python"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import zlib

import torch

class Net(torch.nn.Module):
    def forward(self, x):
        key = zlib.crc32(x.numpy().tobytes())  # expect: DX110
        return x * (key % 2)

def build():
    return Net(), (torch.rand(4),)
"""

    expression: str
    reason: str
    graph_break: str = ""

    def message(self) -> str:
        return f"`{self.expression}` cannot be captured: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        page = ""
        if self.graph_break:
            number = self.graph_break.lower()
            page = f"https://meta-pytorch.github.io/compile-graph-break-site/gb/{number}.html"
        return (
            Fix("Express it by torch operators, or do it outside `forward` and pass the result in", text=page),
            Fix("Or wrap it as a custom operator with `torch.library.custom_op`"),
        )
