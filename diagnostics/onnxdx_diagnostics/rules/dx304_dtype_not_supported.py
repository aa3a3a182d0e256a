"""DX304: the ONNX operator that stands for an operator does not take a dtype."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DtypeNotSupported(Finding):
    """The ONNX operator that stands for an operator does not take the dtype it is given.

    ## What it means
    Each input of an ONNX operator allows certain dtypes, which grow from opset to opset. torch computes this operator
    on the dtype of the model; ONNX, at the opset asked for, does not.

    ## Why it stops the export
    The model would not be valid ONNX: no runtime has to load it, and most refuse.

    ## How to fix it
    Compute in a dtype that is allowed, and go back afterwards where that loses nothing:

    ```python
    y = torch.cumsum(mask.to(torch.int64), dim=1)
    ```

    A higher opset may allow the dtype.
    """

    id: ClassVar[str] = "DX304"
    name: ClassVar[str] = "dtype-not-supported"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, image):
        return -image  # expect: DX304

def build():
    return Net(), (torch.randint(0, 255, (3, 8, 8), dtype=torch.uint8),)
"""

    operator: str
    onnx_op: str
    parameter: str
    dtype: str
    allowed: tuple[str, ...]
    opset: int = 0
    side: str = "input"

    def message(self) -> str:
        verb = "take" if self.side == "input" else "give"
        return (
            f"`{self.operator}` becomes the ONNX operator `{self.onnx_op}`, "
            f"which does not {verb} `{self.dtype}` as its `{self.parameter}`."
        )

    def fixes(self) -> tuple[Fix, ...]:
        allowed = f"Allowed are: {', '.join(f'`{dtype}`' for dtype in self.allowed)}." if self.allowed else ""
        if self.side == "input":
            title = f"Convert the tensor from `{self.dtype}` before `{self.operator}`, and back after it."
        else:
            title = f"Let `{self.operator}` give another dtype than `{self.dtype}`."
        convert = Fix(title, text=allowed)
        if not self.opset:
            return (convert,)
        return (Fix(f"Export to opset {self.opset}, where `{self.onnx_op}` has `{self.dtype}`."), convert)
