"""DX308: a tensor is sparse or nested, and ONNX has only dense ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class LayoutNotSupported(Finding):
    """A tensor is sparse or nested, and ONNX operators take dense ones.

    ## What it means
    A value of the model has a layout of its own: sparse (COO, CSR, ...), nested, or one of a backend. What is computed
    from it is not looked at any further.

    ## Why it stops the export
    The operators of ONNX are defined for dense tensors. (ONNX knows sparse constants, but no runtime computes with
    them.)

    ## How to fix it
    Keep the tensor dense in the exported model. A sparse weight is made dense once, before the export; a product with a
    sparse matrix of few rows is a `gather` and an `index_add`:

    ```python
    self.register_buffer("adjacency", adjacency.to_dense())
    y = torch.zeros(n, d).index_add(0, rows, values[:, None] * x[columns])
    ```
    """

    id: ClassVar[str] = "DX308"
    name: ClassVar[str] = "layout-not-supported"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Graph(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("adjacency", torch.eye(4).to_sparse())

    def forward(self, x):
        return torch.sparse.mm(self.adjacency, x)  # expect: DX308

def build():
    return Graph(), (torch.rand(4, 2),)
"""

    value: str
    layout: str

    def message(self) -> str:
        return f"`{self.value}` has the layout `{self.layout}`, and ONNX has only dense tensors."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Keep the tensor dense: `to_dense()` before the export, or leave out the conversion in `forward()`."),
        )
