"""DX201: a mutation cannot be expressed without writing in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NotFunctional(Finding):
    """A write in place cannot be expressed without writing.

    ## What it means
    The model changes a tensor in place (`x.add_(1)`, `x[0] = y`, an operator with `out=`). torch rewrites such writes
    into operators that give new tensors; for this model the rewriting itself raised.

    ## Why it stops the export
    Values of an ONNX graph never change. A write that is not rewritten has no meaning there.

    ## How to fix it
    Write the same computation without changing a tensor:

    ```python
    x = x + 1                     # instead of  x.add_(1)
    x = torch.cat([y, x[1:]])     # instead of  x[0] = y[0]
    x = torch.where(mask, 0, x)   # instead of  x[mask] = 0
    ```

    A custom operator that writes in place must say so in its schema (`Tensor(a!) x`), and must not return what it
    writes into.
    """

    id: ClassVar[str] = "DX201"
    name: ClassVar[str] = "not-functional"
    level: ClassVar[Level] = Level.ERROR

    operator: str
    reason: str

    def message(self) -> str:
        return f"The write in place by `{self.operator}` cannot be expressed without it: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(
                f"Compute a new tensor instead of writing with `{self.operator}`.",
                text="`x = x + 1` for `x.add_(1)`, `torch.where(mask, 0, x)` for `x[mask] = 0`.",
            ),
        )
