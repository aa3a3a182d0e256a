"""DX602: ONNX Runtime does not load the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


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

    reason: str

    def message(self) -> str:
        return f"ONNX Runtime does not load the model: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Compute in a dtype that ONNX Runtime has a kernel for, such as `float32` or `int64`."),
            Fix("For another runtime, export without running the model: `--no-verify` or `verify=False`."),
        )
