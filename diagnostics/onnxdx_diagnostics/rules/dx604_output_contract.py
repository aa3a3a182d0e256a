"""DX604: the outputs of the ONNX model differ from eager in count, dtype or shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OutputContract(Finding):
    """The outputs of the ONNX model are not those of the torch model in count, dtype or shape.

    ## What it means
    The exported model was run in ONNX Runtime on the inputs of the export (or on inputs of another size). It returns
    another number of outputs, or an output of another dtype or shape, than the torch model.

    ## Why it stops the export
    Who calls the model gets something else than from the torch model, even where the numbers look alike.

    ## How to fix it
    When the operator on the line has an ONNX function of your own, let it return the operator's dtype and shape. When
    the shape depends on the values of the inputs, look at how `forward()` computes it.
    """

    id: ClassVar[str] = "DX604"
    name: ClassVar[str] = "output-contract"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch
from onnxscript import opset18 as op

from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

@torch.library.custom_op("dx604::positives", mutates_args=())
def positives(x: torch.Tensor) -> torch.Tensor:
    return x[x > 0]

@positives.register_fake
def _(x):
    return x.new_empty(torch.library.get_ctx().new_dynamic_size())

def positives_onnx(x):
    flat = op.Reshape(x, [-1])
    return op.Compress(flat, op.GreaterOrEqual(flat, 0.0), axis=0)

class Net(torch.nn.Module):
    def forward(self, x):
        return positives(x)  # expect: DX604

def build():
    registry = OnnxRegistry().with_op("dx604::positives", positives_onnx)
    return ExportTarget(Net(), (torch.tensor([[1.0, 0.0, 3.0], [4.0, 5.0, -6.0]]),), registry=registry)
"""

    output: str
    difference: str
    sizes: str
    operator: str = ""
    function: str = ""

    def message(self) -> str:
        if not self.output:
            return f"The result of `{self.operator}` in ONNX is not that of torch: {self.difference.rstrip('.')}."
        at = f" with {self.sizes}" if self.sizes else ""
        return f"The output `{self.output}` of the ONNX model is not that of eager{at}: {self.difference.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        if self.function:
            return (
                Fix(f"Return torch's dtype and shape from the ONNX function of `{self.operator}` at {self.function}."),
            )
        if self.operator:
            return (Fix(f"Express `{self.operator}` by other operators, or register an ONNX function for it."),)
        return (Fix(f"Let the operator that computes `{self.output}` return the dtype and shape that torch returns."),)

    @property
    def fault(self) -> tuple[object, ...]:
        """An operator that is wrong by itself is one fault, by whatever each of its calls is off."""
        identity = super().fault
        return identity if self.output else (*identity[:2], self.operator)
