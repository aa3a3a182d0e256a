"""DX115: the results depend on something in Python that a graph does not have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class SideEffect(Finding):
    """The results depend on Python state, Python's random numbers or a clock.

    ## What it means
    `forward()` changes something outside the tensors in each call (a counter, a list, a global), draws from `random`
    or `numpy.random`, or reads a clock, and what it returns depends on that: the model was called again with the
    changed state, and the results were other ones.

    ## Why it stops the export
    Python runs once, while the graph is captured. What it had then is a constant of the ONNX model for ever.

    ## How to fix it
    Make the value an input and a result, so that the caller keeps it:

    ```python
    def forward(self, x, step):
        return x * step, step + 1
    ```

    A counter can also be a buffer that is written in place (`self.step.add_(1)`). Random numbers come from torch
    (`torch.rand`, which is part of the graph) or from the caller. State that nothing reads may stay as it is.
    """

    id: ClassVar[str] = "DX115"
    name: ClassVar[str] = "side-effect"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.step = 0

    def forward(self, x):
        self.step += 1  # expect: DX115
        return x * self.step

def build():
    return Net(), (torch.rand(2, 3),)
"""

    source: str
    kind: Literal["state", "random", "clock"]

    def message(self) -> str:
        match self.kind:
            case "state":
                return f"Each call changes `{self.source}` and with it the next result; the ONNX model never does."
            case "random":
                return f"The result depends on a draw from `{self.source}`, which is a constant of the ONNX model."
            case "clock":
                return f"The result depends on the clock `{self.source}`, which is a constant of the ONNX model."

    def fixes(self) -> tuple[Fix, ...]:
        match self.kind:
            case "state":
                name = self.source.removeprefix("self.")
                return (
                    Fix(f"Take `{name}` as an argument of `forward()` and return its new value."),
                    Fix(f"Make `{name}` a buffer and write it in place: it becomes an input and an output."),
                )
            case "random":
                return (
                    Fix("Draw by torch (`torch.rand`), which makes the draw part of the graph."),
                    Fix("Take the random value as an argument of `forward()`."),
                )
            case "clock":
                return (Fix("Take the time as an argument of `forward()`."),)
