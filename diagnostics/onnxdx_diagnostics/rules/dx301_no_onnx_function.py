"""DX301: no ONNX function is registered for an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoOnnxFunction(Finding):
    """An operator of the model has no ONNX function.

    ## What it means
    The graph calls an ATen or custom operator that the registry has no ONNX function for, and that torch has no
    decomposition for either.

    ## Why it stops the export
    Every operator must become ONNX operators. This one would leave a hole in the model, so the rest is exported
    around a placeholder and no model file is handed out.

    ## How to fix it
    Express the operator by others, or register an ONNX Script function for it. An ONNX operator writes into nothing:
    for a custom operator that writes into its arguments (`mutates_args`) the function returns the operator's own
    results, and after them the new value of each argument that is written, in the order of the schema.

    ```python
    @registry.op("mylib::accumulate")  # (Tensor(a!) total, Tensor x) -> ()
    def accumulate(total, x):
        return op.Add(total, x)
    ```
    """

    id: ClassVar[str] = "DX301"
    name: ClassVar[str] = "no-onnx-function"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
import torch

class Vote(torch.nn.Module):
    def forward(self, labels):
        return torch.mode(labels, dim=-1).values  # expect: DX301

def build():
    return Vote(), (torch.tensor([[1, 2, 2], [3, 3, 1]]),)
"""

    operator: str
    candidates: tuple[str, ...] = ()
    written: str = ""
    misnomer: str = ""
    registered: str = ""
    writes: tuple[str, ...] = ()

    def message(self) -> str:
        if self.written:
            return f"`{self.operator}`, which torch makes of `{self.written}` here, has no ONNX function."
        return f"`{self.operator}` has no ONNX function."

    def fixes(self) -> tuple[Fix, ...]:
        if self.writes:
            names = " and ".join(f"`{name}`" for name in self.writes)
            new = f"the new value{'s' * (len(self.writes) > 1)} of {names}"
            returned = f"the results of the operator, if it has any, and then {new}"
            return (Fix(f"Register an ONNX Script function for `{self.operator}` that returns {returned}."),)
        if self.misnomer:
            known = (
                f"The function registered at {self.registered} is for `{self.misnomer}`, which is no operator of torch."
            )
            return (Fix(f"Register the function for `{self.operator}`, not for `{self.misnomer}`.", text=known),)
        near = f" Operators with a similar name that have one: {', '.join(self.candidates)}." if self.candidates else ""
        return (
            Fix(f"Register an ONNX Script function for `{self.operator}`, or express it by other operators.{near}"),
        )
