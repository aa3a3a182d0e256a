"""DX737: a model without values for its weights is to be written, and nothing gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.named_weights import told


@dataclass(frozen=True)
class WeightsNotGiven(Finding):
    """A model without values for its weights is to be written, and nothing gives them.

    ## What it means
    The model was built on the device `meta` or in fake mode: its weights have dtypes and shapes, and no values. It is
    exported as it is. To write it, onnxdx has to know where the values are.

    ## Why it stops the export
    No runtime could load the file.

    ## How to fix it
    Name the checkpoint with `--weights FILE`, in Python with `program.save(path, model_state=...)`. Or leave the
    weights out with `--no-weights`, in Python with `include_weights=False`: the model then refers to them by name.
    """

    id: ClassVar[str] = "DX737"
    name: ClassVar[str] = "weights-not-given"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build -o model.onnx
import torch

def build():  # expect: DX737
    return torch.nn.Linear(4, 2, device="meta"), (torch.rand(1, 4),)
"""

    names: tuple[str, ...]

    def message(self) -> str:
        return f"The model has no values for {told(self.names)}, and nothing gives them."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Name the checkpoint: `--weights FILE`, or `save(..., model_state=...)`."),
            Fix("Leave the weights out: `--no-weights`, or `save(..., include_weights=False)`."),
        )
