"""DX730: a checkpoint cannot be read, or only by running what it contains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class CheckpointUnreadable(Finding):
    """A checkpoint cannot be read, or only by running what it contains.

    ## What it means
    The weights are to come from a file that is no state dict in a form known here: a `.safetensors` file, a file of
    `torch.save`, or the JSON index of either's shards. The file may be truncated, hold more than a state dict, or hold
    pickled code.

    ## Why it stops the export
    There is nothing to take the weights from. Code in a checkpoint is never run. A model that stands at the path
    already stays as it is.

    ## How to fix it
    Save the state dict of the model, and nothing else: `torch.save(model.state_dict(), "weights.pt")` or
    `safetensors.torch.save_file(model.state_dict(), "weights.safetensors")`. A file that is truncated has to be fetched
    again. What holds a state dict among other things can be loaded first:
    `model_state=torch.load("all.pt", weights_only=True)["model"]`.
    """

    id: ClassVar[str] = "DX730"
    name: ClassVar[str] = "checkpoint-unreadable"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --weights weights.safetensors
from pathlib import Path

import torch

def build():  # expect: DX730
    Path("weights.safetensors").write_bytes(b"\\x40\\0\\0\\0\\0\\0\\0\\0{")
    return torch.nn.Linear(4, 2), (torch.rand(1, 4),)
"""

    checkpoint: str
    reason: str

    def message(self) -> str:
        return f"The weights cannot be read from `{self.checkpoint}`: {self.reason}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Save the state dict of the model alone, by `torch.save` or safetensors, and give that file."),)
