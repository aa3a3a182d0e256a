"""DX608: an optimisation pass changes what the model computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class PassChangesNumbers(Finding):
    """An optimisation pass changes what the model computes.

    ## What it means
    The model differs from eager, and `--bisect-passes` (`bisect_passes=True`) has looked for the reason. Optimised by
    the passes before this one, the model is proven; with this one it is not.

    ## Why it matters
    An optimisation must not change numbers. The ONNX functions of the operators are not to blame.

    ## How to fix it
    Leave the pass out if it is one of your own, or correct it. Without any pass of onnxdx the model is what the
    operators give:

    ```python
    onnxdx.export(model, args, options=onnxdx.ExportOptions(optimize=False))
    ```
    """

    id: ClassVar[str] = "DX608"
    name: ClassVar[str] = "pass-changes-numbers"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --bisect-passes
import torch
from onnxdx import ExportTarget

def drop_the_last_addition(model):
    last = [node for node in model.graph if node.op_type == "Add"][-1]
    last.replace_input_with(1, last.inputs[0])

class Net(torch.nn.Module):
    def forward(self, x, y):
        return x * 2 + y  # expect: DX601

def build():  # expect: DX608
    return ExportTarget(Net(), (torch.rand(2, 3), torch.rand(2, 3)), optimizations=(drop_the_last_addition,))
"""

    pass_name: str
    written: str

    def message(self) -> str:
        return f"The optimisation pass `{self.pass_name}` changes the numbers: without it the model agrees with eager."

    def fixes(self) -> tuple[Fix, ...]:
        if self.written:
            return (Fix(f"Correct `{self.pass_name}` at {self.written}, or leave it out of `optimizations`."),)
        return (Fix("Export with `optimize=False` (`--no-optimize`), and report the fault to onnxdx."),)
