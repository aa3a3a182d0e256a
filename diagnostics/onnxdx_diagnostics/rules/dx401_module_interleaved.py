"""DX401: a module call cannot be one ONNX function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class ModuleInterleaved(Finding):
    """A module call cannot be one ONNX function, because values leave it and come back into it.

    ## What it means
    `functions="modules"` was asked for. While this module runs, code outside of it computes something from the module's
    values and hands the result back: a forward hook, a callback, a submodule called from elsewhere in between.

    ## Why it matters
    A function is computed in one piece, from its inputs to its outputs. The nodes of this module stay in the graph
    around it. The numbers are the same; the function is missing.

    ## How to fix it
    Move the computation in between into the module's `forward()`, or the two halves of the module into modules of
    their own.
    """

    id: ClassVar[str] = "DX401"
    name: ClassVar[str] = "module-interleaved"
    level: ClassVar[Level] = Level.WARNING

    path: str
    class_name: str

    def message(self) -> str:
        kind = self.class_name.rpartition(".")[2]
        return f"The call of `{self.path}` (`{kind}`) is no ONNX function: values leave it and come back into it."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Move what is computed in between into the `forward()` of `{self.path}`, or split the module."),)
