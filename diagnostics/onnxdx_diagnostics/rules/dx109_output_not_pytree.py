"""DX109: an output is of a type that torch.export cannot take apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OutputNotPytree(Finding):
    """The model returns an object whose tensors torch.export cannot see.

    ## What it means
    Outputs may be tensors, numbers, strings, None, and dicts, lists and tuples of them. This one is something else.

    ## Why it stops the export
    The outputs of a graph are tensors. torch must know how to take the object apart.

    ## How to fix it
    Register the class, once, before the export; or return its tensors.
    """

    id: ClassVar[str] = "DX109"
    name: ClassVar[str] = "output-not-pytree"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
from dataclasses import dataclass

import torch

@dataclass
class Boxes:
    corners: torch.Tensor

class Net(torch.nn.Module):
    def forward(self, x):
        return Boxes(x * 2)  # expect: DX109

def build():
    return Net(), (torch.rand(2, 4),)
"""

    type_name: str
    is_dataclass: bool = False

    def message(self) -> str:
        return f"The model returns a `{self.type_name}`, which torch.export cannot take apart."

    def fixes(self) -> tuple[Fix, ...]:
        if self.is_dataclass:
            register = Fix(
                "Register the dataclass before the export", text=f"torch.export.register_dataclass({self.type_name})"
            )
        else:
            register = Fix(
                "Register the class before the export",
                text=f"torch.utils._pytree.register_pytree_node({self.type_name}, flatten_fn, unflatten_fn)",
            )
        return (register, Fix("Or return its tensors as a tuple or a dict"))
