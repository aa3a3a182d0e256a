"""DX303: the ONNX function of an operator is only for real, or only for complex tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ComplexNotSupported(Finding):
    """The ONNX function of an operator does not fit the complexness of its inputs.

    ## What it means
    ONNX operators take no complex tensors. A complex tensor becomes a real one whose last axis holds the real and the
    imaginary part, and an operator needs a function of its own for that form. This operator has a function for one of
    the two forms only, and the model calls it with the other.

    ## Why it stops the export
    A function for real tensors would treat the real and imaginary parts as two separate numbers; its result would be
    wrong without an error.

    ## How to fix it
    Compute with the two parts yourself:

    ```python
    z = torch.view_as_real(z)
    real, imaginary = z[..., 0], z[..., 1]
    ```

    Or register a function for complex tensors: `registry.with_op("aten::sinh", complex_sinh, complex=True)`.
    """

    id: ClassVar[str] = "DX303"
    name: ClassVar[str] = "complex-not-supported"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x, bins):
        spectrum = torch.view_as_complex(x)
        return torch.view_as_real(spectrum.gather(1, bins))  # expect: DX303

def build():
    return Net(), (torch.rand(2, 8, 2), torch.tensor([[0, 3], [5, 1]]))
"""

    operator: str
    takes_complex: bool

    def message(self) -> str:
        if self.takes_complex:
            return f"`{self.operator}` has an ONNX function only for complex tensors, and is called with real ones."
        return f"`{self.operator}` has an ONNX function only for real tensors, and is called with complex ones."

    def fixes(self) -> tuple[Fix, ...]:
        if self.takes_complex:
            return (
                Fix("Make the input complex: `torch.complex(x, torch.zeros_like(x))`."),
                Fix(f"Register an ONNX function of `{self.operator}` for real tensors."),
            )
        return (
            Fix("Compute with real and imaginary part: `torch.view_as_real(z)` gives both on a last axis of size 2."),
            Fix(f"Register an ONNX function of `{self.operator}` for complex tensors (`complex=True`)."),
        )
