"""DX609: the model differs from eager, and no optimisation pass is to blame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class NoPassToBlame(Finding):
    """The model differs from eager, and no optimisation pass is to blame.

    ## What it means
    `--bisect-passes` (`bisect_passes=True`) has compared the model with eager before the first optimisation pass: it
    differs there already.

    ## Why it matters
    The difference is made by the ONNX function of an operator, or by ONNX Runtime. The findings beside this one say
    which, where that can be told.

    ## How to fix it
    See the findings beside this one.
    """

    id: ClassVar[str] = "DX609"
    name: ClassVar[str] = "no-pass-to-blame"
    level: ClassVar[Level] = Level.NOTE

    def message(self) -> str:
        return "No optimisation pass changes the numbers: the model differs from eager before the first of them."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix("Look for the operator that the other findings name."),)
