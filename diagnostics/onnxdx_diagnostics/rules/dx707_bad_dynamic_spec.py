"""DX707: what is asked to be dynamic on the command line does not fit the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix

Problem = Literal["syntax", "input", "repeated", "not a tensor", "rank", "size", "range"]


@dataclass(frozen=True)
class BadDynamicSpec(Finding):
    """A `--dynamic` does not parse, or does not fit the inputs of the model.

    ## What it means
    A spec names the dimensions of one tensor input: `x[batch,seq]`. A name makes the dimension dynamic, `_` or its size
    keeps it as it is, `seq{1..512}` bounds it (both included). Equal names are equal sizes.

    ## Why it stops the export
    The model can only be captured with dimensions that its inputs have.

    ## How to fix it
    Inputs go by the parameter names of `forward()`. For tensors inside lists or dicts, return `dynamic_shapes` from the
    target: `(model, args, kwargs, dynamic_shapes)`.
    """

    id: ClassVar[str] = "DX707"
    name: ClassVar[str] = "bad-dynamic-spec"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --dynamic x[batch]
import torch

def build():  # expect: DX707
    return torch.nn.ReLU(), (torch.rand(2, 4),)
"""

    spec: str
    problem: Problem
    detail: str = ""
    candidates: tuple[str, ...] = ()

    def message(self) -> str:
        match self.problem:
            case "syntax":
                return f"The dynamic spec `{self.spec}` does not parse."
            case "input":
                return f"The dynamic spec `{self.spec}` names no input of the model."
            case "repeated":
                return f"The input `{self.detail}` has two dynamic specs."
            case "not a tensor":
                return f"The dynamic spec `{self.spec}` is for an input of type `{self.detail}`, not for a tensor."
            case "rank":
                return f"The dynamic spec `{self.spec}` does not fit the input's shape {self.detail}."
            case "size":
                return (
                    f"The dynamic spec `{self.spec}` keeps a dimension at another size than the input's {self.detail}."
                )
            case "range":
                return f"The dynamic spec `{self.spec}` bounds `{self.detail}` so that its size does not fit."

    def fixes(self) -> tuple[Fix, ...]:
        match self.problem:
            case "syntax":
                return (Fix("Name the input and all its dimensions, like `x[batch,seq]` or `image[batch,_,_,_]`."),)
            case "input":
                return (Fix(f"The inputs are: {', '.join(f'`{name}`' for name in self.candidates)}."),)
            case "not a tensor":
                return (Fix("Return `(model, args, kwargs, dynamic_shapes)` from the target."),)
            case _:
                return ()
