"""DX715: an operator of the user's own domain is exported, and ONNX Runtime here cannot run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoKernelHere(Finding):
    """An operator of a domain of its own is exported, but not runnable here.

    ## What it means
    The ONNX function of an operator calls an operator of a domain that neither ONNX nor ONNX Runtime knows. The model
    is complete: it names the operator, and a runtime that has a kernel for it can run it.

    ## Why it matters
    Without a kernel the model cannot be run here, and its numbers are not compared with those of PyTorch: the verdict
    is `not run`. Operators beside this one are still compared, each by itself.

    ## How to fix it
    Hand over the kernel, by the session options with which ONNX Runtime loads it:

    ```python
    options = onnxruntime.SessionOptions()
    options.register_custom_ops_library("libtwist.so")
    program = onnxdx.export(model, args, options=ExportOptions(onnx_registry=registry, session_options=options))
    ```

    On the command line, the target returns an `ExportTarget` with `session_options`. Or write the operator as an
    ONNX Script function in its domain (`@onnxscript.script(OnnxDomain("mylib"), default_opset=op)`): its body becomes
    part of the model, and a runtime without a kernel runs the body.
    """

    id: ClassVar[str] = "DX715"
    name: ClassVar[str] = "no-kernel-here"
    level: ClassVar[Level] = Level.NOTE
    EXAMPLE: ClassVar[str] = """
import torch

from onnxdx import ExportTarget, OnnxDomain, OnnxRegistry

@torch.library.custom_op("dx715::twist", mutates_args=())
def twist(x: torch.Tensor, turns: int) -> torch.Tensor:
    return x.roll(turns, -1)

@twist.register_fake
def _(x, turns):
    return torch.empty_like(x)

def twist_onnx(x, turns: int):
    return OnnxDomain("dx715").Twist(x, turns=turns)

class Net(torch.nn.Module):
    def forward(self, x):
        return twist(x, 2) + 1  # expect: DX715

def build():
    registry = OnnxRegistry().with_op(twist, twist_onnx)
    return ExportTarget(Net(), (torch.rand(2, 3),), registry=registry)
"""

    operator: str
    onnx_operator: str

    def message(self) -> str:
        return f"`{self.operator}` is exported as `{self.onnx_operator}`, for which ONNX Runtime has no kernel here."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Give the session options that load the kernel: `ExportOptions(session_options=...)`."),
            Fix(f"Write `{self.onnx_operator}` as an ONNX Script function in its domain; the model then has its body."),
        )
