"""DX705: the inputs given on the command line do not describe inputs of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix

Problem = Literal["syntax", "dtype", "range", "memory", "repeated", "signature", "unwanted"]


@dataclass(frozen=True)
class BadInputSpec(Finding):
    """An `--input` does not parse, or the inputs are not those that the model takes.

    ## What it means
    An input is `float32[2,3,224,224]`, `int64[2,8]{0..100}` (from 0 to 100, both included), `bool[4]`, or a number;
    with `name=` in front it is passed by keyword. Its values are random, the same in every run.

    ## Why it stops the export
    The model can only be captured on inputs that it takes.

    ## How to fix it
    Give one `--input` per parameter of `forward()`, in its order. Inputs that a spec cannot say (lists, dicts) come
    from a function that returns `(model, args)`.
    """

    id: ClassVar[str] = "DX705"
    name: ClassVar[str] = "bad-input-spec"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:Net --input float23[2,4]
import torch

class Net(torch.nn.Module):  # expect: DX705
    def forward(self, x):
        return x + 1
"""

    spec: str
    problem: Problem
    detail: str = ""
    candidates: tuple[str, ...] = ()

    def message(self) -> str:
        match self.problem:
            case "syntax":
                return f"The input `{self.spec}` does not parse."
            case "dtype":
                return f"The input `{self.spec}` has an unknown dtype `{self.detail}`."
            case "range":
                return f"The input `{self.spec}` has an empty range or one that its dtype cannot hold."
            case "memory":
                return f"The input `{self.spec}` needs {self.detail} of memory, more than this machine can give."
            case "repeated":
                return f"The input `{self.detail}` is given twice."
            case "signature":
                return f"The inputs do not fit `{self.spec}`: {self.detail}."
            case "unwanted":
                return f"`{self.detail}` brings its own inputs, so `{self.spec}` has no place."

    def fixes(self) -> tuple[Fix, ...]:
        match self.problem:
            case "syntax":
                return (
                    Fix("Write a dtype and a shape, like `float32[2,3,224,224]` or `mask=bool[2,8]`, or a number."),
                )
            case "dtype":
                return tuple(Fix(f"Use the dtype `{candidate}`.") for candidate in self.candidates)
            case "signature":
                return (
                    Fix('Give one `--input "float32[2,3]"` per parameter, in order, or by name: `name=float32[2,3]`.'),
                )
            case "unwanted":
                return (Fix("Leave `--input` out."),)
            case _:
                return ()
