"""DX731: the checkpoint lacks weights that the model needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.named_weights import told


@dataclass(frozen=True)
class WeightsMissing(Finding):
    """The checkpoint lacks weights that the model needs.

    ## What it means
    The model was exported without values, and its graph uses parameters or buffers whose names the checkpoint does not
    have. Names are compared exactly, as `load_state_dict` does. Tied weights are one tensor: any of their names will
    do.

    A buffer that is no part of the state dict (`persistent=False`) is missing too when it has no values: on the device
    `meta` they are not computed, in `onnxdx.enable_fake_mode()` they are.

    ## Why it stops the export
    The model would be written with holes.

    ## How to fix it
    Give the checkpoint of this very model. Where the names differ by a prefix (`module.`, `model.`), rename them:
    `model_state={name.removeprefix("module."): tensor for name, tensor in state.items()}`. What is not part of the
    checkpoint can be added to it.
    """

    id: ClassVar[str] = "DX731"
    name: ClassVar[str] = "weights-missing"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --weights weights.pt
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(4))
        self.shift = torch.nn.Parameter(torch.zeros(4))

    def forward(self, x):
        x = x * self.scale
        return x + self.shift  # expect: DX731

def build():
    torch.save({"scale": torch.rand(4)}, "weights.pt")
    return Net(), (torch.rand(1, 4),)
"""

    checkpoint: str
    names: tuple[str, ...]
    prefix: str = ""

    def message(self) -> str:
        return f"The model needs {told(self.names)}, which `{self.checkpoint}` does not have."

    def fixes(self) -> tuple[Fix, ...]:
        if self.prefix.startswith("-"):
            return (Fix(f"Add `{self.prefix[1:]}` to the names in the checkpoint: all names are there without it."),)
        if self.prefix:
            return (Fix(f"Take `{self.prefix}` off the names in the checkpoint: all names are there behind it."),)
        return (Fix("Give the checkpoint of this very model, or add what is missing to the state dict."),)
