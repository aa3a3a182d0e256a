"""DX413: forward updates a buffer, and ONNX has no state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class BufferUpdated(Finding):
    """`forward()` updates a buffer, and an ONNX model keeps nothing from call to call.

    ## What it means
    The model writes into one of its buffers: a step counter, a cache, running statistics. In the ONNX model the new
    value is an additional output, and the buffer is an optional input that has its value at export as default.

    ## Why it matters
    Each call starts from the value at export. A caller who expects the state to go on must feed it back:

    ```python
    result, state = session.run(None, {"x": x, "cache": state})
    ```

    ## How to fix it
    If the update matters, take the state as an argument and return it, so that the caller sees it. If it does not,
    leave it out at export:

    ```python
    if not torch.compiler.is_exporting():
        self.steps += 1
    ```
    """

    id: ClassVar[str] = "DX413"
    name: ClassVar[str] = "buffer-updated"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.steps += 1  # expect: DX413
        return x * self.steps

def build():
    return Net(), (torch.rand(2, 3),)
"""

    buffer: str
    output: str
    kind: Literal["buffer", "parameter"] = "buffer"

    def message(self) -> str:
        return (
            f"`forward()` updates the {self.kind} `{self.buffer}`; in ONNX its new value is the output `{self.output}`."
        )

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Feed the output `{self.output}` back as the input `{self.buffer}` of the next call."),
            Fix(f"Take `{self.buffer}` as an argument of `forward()` and return its new value."),
            Fix("Leave the update out at export: `if not torch.compiler.is_exporting(): ...`."),
        )
