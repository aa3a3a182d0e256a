"""DX602: ONNX Runtime does not load the model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix

_NOISE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : | node with name '[^']*'|^(?:This is an invalid model\. )")


@dataclass(frozen=True)
class RuntimeRefuses(Finding):
    """ONNX Runtime does not load the model.

    ## What it means
    The model is valid ONNX, but ONNX Runtime cannot make a session of it: it has no kernel for an operator with this
    dtype, or does not know the operator at this opset, or finds types that do not fit.

    ## Why it stops the export
    The result cannot be compared with the torch model, and cannot be run by the most widely used runtime.

    ## How to fix it
    For a missing kernel, compute in a dtype that has one:

    ```python
    y = torch.round(x.float()).to(x.dtype)
    ```

    A model for another runtime can be exported without this check: `--no-verify`, or `ExportOptions(verify=False)`.
    """

    id: ClassVar[str] = "DX602"
    name: ClassVar[str] = "runtime-refuses"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)

    def forward(self, image):
        return self.conv(image)  # expect: DX602

def build():
    return Net().double(), (torch.rand(1, 3, 8, 8, dtype=torch.float64),)
"""

    reason: str
    operator: str = ""
    onnx_op: str = ""
    dtype: str = ""
    provider: str = ""
    would_do: tuple[str, ...] = ()

    def message(self) -> str:
        if self._lacks_kernel():
            return (
                f"ONNX Runtime has no kernel on its {self.provider} provider for the ONNX operator `{self.onnx_op}` "
                f"with `{self.dtype}`, which `{self.operator}` becomes."
            )
        reason = _NOISE.sub("", self.reason).rstrip(".")
        return f"ONNX Runtime does not load the model: {reason}."

    def _lacks_kernel(self) -> bool:
        return bool(self.dtype) and "Could not find an implementation" in self.reason

    def fixes(self) -> tuple[Fix, ...]:
        elsewhere = Fix("For another runtime, export without running the model: `--no-verify` or `verify=False`.")
        if not self._lacks_kernel():
            return (Fix("Compute in a dtype that ONNX Runtime has a kernel for, such as `float32`."), elsewhere)
        if not self.would_do:
            return (Fix(f"Express `{self.operator}` by other operators: it has no kernel for other dtypes."), elsewhere)
        others = " or ".join(f"`{dtype}`" for dtype in self.would_do)
        return (Fix(f"Compute `{self.operator}` in {others}, and convert its result back."), elsewhere)
