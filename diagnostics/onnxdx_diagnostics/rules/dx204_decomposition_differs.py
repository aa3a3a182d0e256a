"""DX204: the decomposition of an operator gives another dtype or rank than the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DecompositionDiffers(Finding):
    """The decomposition of an operator gives something else than the operator.

    ## What it means
    No ONNX function stands for this operator, and its decomposition returns a tensor of another dtype or with another
    number of dimensions than the operator does.

    ## Why it stops the export
    The operators behind it were captured for what the operator returns. With the decomposition in its place they would
    compute something else, or nothing.

    ## How to fix it
    For a custom operator, its fake implementation (`register_fake`) and its body disagree: make both return the same
    dtype and rank. For an operator of torch, register an ONNX function and it is not decomposed.
    """

    id: ClassVar[str] = "DX204"
    name: ClassVar[str] = "decomposition-differs"
    level: ClassVar[Level] = Level.ERROR

    operator: str
    difference: str

    def message(self) -> str:
        return f"The decomposition of `{self.operator}` gives something else: {self.difference.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix(f"Make the body and the fake implementation of `{self.operator}` return the same dtype and rank."),
            Fix(f"Register an ONNX function for `{self.operator}`, which is then not decomposed."),
        )
