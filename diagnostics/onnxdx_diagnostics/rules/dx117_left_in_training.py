"""DX117: a part of the model behaves as in training although the model is exported in eval mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class LeftInTraining(Finding):
    """An operator behaves as in training although the model is exported in eval mode.

    ## What it means
    `eval()` does not reach this operator: a function of `torch.nn.functional` is called without `training=`, a module
    is kept in a plain list, or a module overrides `train()` or `eval()`.

    ## Why it matters
    The ONNX model does what the torch model does: dropout draws random numbers in each call, so that nothing can be
    proven about its results, or a normalisation uses the statistics of the batch instead of those of training.

    ## How to fix it
    Let the mode of the model decide:

    ```python
    x = F.dropout(x, 0.1, training=self.training)
    ```

    Keep modules in `nn.ModuleList` instead of a list. A model that is meant to be random is exported with
    `ExportOptions(training=True)`.
    """

    id: ClassVar[str] = "DX117"
    name: ClassVar[str] = "left-in-training"
    level: ClassVar[Level] = Level.WARNING
    EXAMPLE: ClassVar[str] = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.dropout(x, 0.5)  # expect: DX117

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str
    effect: Literal["random", "statistics"]
    caller: Literal["module", "function"]

    def message(self) -> str:
        does = "draws random numbers" if self.effect == "random" else "uses the statistics of the batch"
        return f"`{self.operator}` {does} as in training, although the model is exported in eval mode."

    def fixes(self) -> tuple[Fix, ...]:
        if self.caller == "module":
            return (
                Fix("Make the module part of the model (`nn.ModuleList`, not a list), so that `eval()` reaches it."),
                Fix("Let `train()` and `eval()` of every module change its mode."),
            )
        if "attention" in self.operator:
            return (Fix("Let the mode of the model decide", text="dropout_p=self.dropout if self.training else 0.0"),)
        return (Fix("Let the mode of the model decide", text="training=self.training"),)
