"""DX108: an input is of a type that torch.export cannot take apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class InputNotPytree(Finding):
    """An input is an object whose tensors torch.export cannot see.

    ## What it means
    Inputs may be tensors, numbers, strings, None, and dicts, lists and tuples of them. This one is something else.

    ## Why it stops the export
    The inputs of a graph are tensors. torch must know how to take the object apart, and how to make it again.

    ## How to fix it
    Register the class, once, before the export; or pass the tensors themselves.
    """

    id: ClassVar[str] = "DX108"
    name: ClassVar[str] = "input-not-pytree"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
from dataclasses import dataclass

import torch

@dataclass  # expect: DX108
class Batch:
    x: torch.Tensor

class Net(torch.nn.Module):
    def forward(self, batch):
        return batch.x * 2

def build():
    return Net(), (Batch(torch.rand(2, 3)),)
"""

    input: str
    type_name: str
    is_dataclass: bool = False

    def message(self) -> str:
        return f"Input `{self.input}` is a `{self.type_name}`, which torch.export cannot take apart."

    def fixes(self) -> tuple[Fix, ...]:
        if self.type_name == "ndarray":
            return (Fix("Pass it as a tensor", text=f"torch.as_tensor({self.input})"),)
        return (registration(self.type_name, self.is_dataclass), Fix("Or pass its tensors as inputs of their own"))


def registration(type_name: str, is_dataclass: bool) -> Fix:
    """The call that tells torch how to take an object of this class apart."""
    if is_dataclass:
        return Fix("Register the dataclass before the export", text=f"torch.export.register_dataclass({type_name})")
    return Fix(
        "Register the class before the export",
        text=(
            "torch.utils._pytree.register_pytree_node(\n"
            f"    {type_name},\n"
            "    lambda value: ([value.a, value.b], None),  # its tensors, and what else makes it up\n"
            f"    lambda tensors, context: {type_name}(*tensors),\n"
            ")"
        ),
    )
