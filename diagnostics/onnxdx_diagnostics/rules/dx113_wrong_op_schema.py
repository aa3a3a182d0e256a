"""DX113: a custom operator does what its schema does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class WrongOpSchema(Finding):
    """A custom operator writes into an argument, returns its memory, or returns something else than its schema says.

    ## What it means
    The operator was run on the values of the sample inputs, and it did what its schema (its type annotations and
    `mutates_args`) does not allow.

    ## Why it stops the export
    A graph is built and rearranged by what the schemas say. A write that no schema tells of is lost, and with it the
    right numbers, without any error.

    ## How to fix it
    Say what the operator writes, and return new memory:

    ```python
    @torch.library.custom_op("mylib::scale_", mutates_args=("x",))
    def scale_(x: torch.Tensor) -> None:
        x.mul_(2)
    ```
    """

    id: ClassVar[str] = "DX113"
    name: ClassVar[str] = "wrong-op-schema"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

@torch.library.custom_op("dx113::shifted", mutates_args=())  # expect: DX113
def shifted(x: torch.Tensor) -> torch.Tensor:
    x.add_(1)
    return x * 2

@shifted.register_fake
def _(x):
    return torch.empty_like(x)

class Net(torch.nn.Module):
    def forward(self, x):
        return shifted(x * 3)  # expect: DX301

def build():
    return Net(), (torch.rand(2, 3),)
"""

    operator: str
    problem: str

    def message(self) -> str:
        return f"The schema of `{self.operator}` is not what it does: {self.problem}."

    def fixes(self) -> tuple[Fix, ...]:
        if "writes into" in self.problem:
            return (
                Fix("Name the argument in `mutates_args`, or mark it in the schema: `Tensor(a!) x`."),
                Fix("Write into a copy: `x = x.clone()`."),
            )
        if "the memory of" in self.problem:
            return (Fix("Return a copy: `.clone()`."),)
        return (Fix("Let the kernel return what the schema says, or correct the annotation of its result."),)
