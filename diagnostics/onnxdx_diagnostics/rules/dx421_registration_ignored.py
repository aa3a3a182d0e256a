"""DX421: a symbolic function that was registered with torch.onnx is not used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class RegistrationIgnored(Finding):
    """A symbolic function is registered for an operator of the model, with an exporter that is not this one.

    ## What it means
    `torch.onnx.register_custom_op_symbolic` tells the exporter by TorchScript what an operator is in ONNX. Its
    functions build a graph of another kind, which torch.export has no use for.

    ## Why it matters
    The operator is translated as if the function did not exist.

    ## How to fix it
    Write it as an ONNX function and register that:

    ```python
    from onnxscript import opset18 as op

    def twist_onnx(x):
        return op.Identity(x)

    registry = OnnxRegistry().with_op("mylib::twist", twist_onnx)
    ```
    """

    id: ClassVar[str] = "DX421"
    name: ClassVar[str] = "registration-ignored"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

@torch.library.custom_op("dx421::twist", mutates_args=())
def twist(x: torch.Tensor) -> torch.Tensor:
    return x.flip(0)

@twist.register_fake
def _(x):
    return torch.empty_like(x)

def twist_symbolic(g, x):  # expect: DX421
    return g.op("mylib::Twist", x)

torch.onnx.register_custom_op_symbolic("dx421::twist", twist_symbolic, 18)

class Net(torch.nn.Module):
    def forward(self, x):
        return twist(x)  # expect: DX301

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str

    def message(self) -> str:
        return f"The symbolic function of `{self.operator}` is not used: it belongs to the exporter by TorchScript."

    def fixes(self) -> tuple[Fix, ...]:
        text = f'registry = OnnxRegistry().with_op("{self.operator}", onnx_function)'
        return (Fix("Write it as an ONNX function and register that", text=text),)
