"""DX402: a module call inside control flow is not an ONNX function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ModuleInBranch(Finding):
    """A module call inside control flow is not an ONNX function.

    ## What it means
    `functions="modules"` was asked for, and this module is called inside a branch or a loop (`torch.cond`,
    `while_loop`, `scan`, `map`).

    ## Why it matters
    The nodes of the module stay in the subgraph of the branch or loop. The numbers are the same; the function is
    missing.

    ## How to fix it
    Nothing has to be done. Where the function is wanted, call the module outside of the control flow and choose between
    the results:

    ```python
    y = torch.where(condition, self.left(x), self.right(x))
    ```
    """

    id: ClassVar[str] = "DX402"
    name: ClassVar[str] = "module-in-branch"
    level: ClassVar[Level] = Level.NOTE

    path: str

    def message(self) -> str:
        return f"The call of `{self.path}` is inside control flow and stays there, without an ONNX function of its own."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Call `{self.path}` outside of the control flow, and choose between results with `torch.where`."),)
