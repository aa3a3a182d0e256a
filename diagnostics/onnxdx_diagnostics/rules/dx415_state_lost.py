"""DX415: forward keeps tensors in plain attributes, and its results depend on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class StateLost(Finding):
    """`forward()` keeps a tensor in an attribute, and the next call gives another result because of it.

    ## What it means
    The model sets an attribute to a new tensor in each call and reads it in the next one. In eager, a call gives
    another result when other calls went before it.

    ## Why it stops the export
    Capture sees one call. The attribute has become a constant, so the ONNX model gives the result of the first call
    for ever.

    ## How to fix it
    Pass the state in and return it, so that the caller keeps it:

    ```python
    def forward(self, x, cache):
        cache = cache + x
        return x * cache, cache
    ```

    A buffer that is written in place (`self.cache.copy_(...)`) is exported too: as an optional input and an additional
    output.
    """

    id: ClassVar[str] = "DX415"
    name: ClassVar[str] = "state-lost"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cache = torch.zeros(3)

    def forward(self, x):
        self.cache = self.cache + 1  # expect: DX415
        return x * self.cache

def build():
    return Net(), (torch.rand(2, 3),)
"""

    attributes: tuple[str, ...]

    def message(self) -> str:
        names = ", ".join(f"`{name}`" for name in self.attributes)
        return f"`forward()` keeps {names} from call to call, and the ONNX model has no such state."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Take the state as an argument of `forward()` and return its new value."),
            Fix("Register it with `register_buffer` and write it in place: it becomes an input and an output."),
        )
