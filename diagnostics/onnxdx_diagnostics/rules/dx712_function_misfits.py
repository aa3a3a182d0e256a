"""DX712: an ONNX function can never stand for the operator that it is registered for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class FunctionMisfits(Finding):
    """An ONNX function can never stand for the operator that it is registered for.

    ## What it means
    The function's parameters are held against the schema of the operator when it is registered. Positional arguments
    meet parameters by their place, keyword-only ones by their name. One that the operator always gives has no
    parameter, a parameter can never be given, or its type is another; or the number of results differs.

    ## Why it stops the export
    No call of the operator could be translated by the function.

    ## How to fix it
    Write the function with the parameters of the operator, in their order. Tensors have no annotation (or a tensor
    type), numbers that are part of the node have `int`, `float`, `str` or `Sequence[int]`.
    """

    id: ClassVar[str] = "DX712"
    name: ClassVar[str] = "function-misfits"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --registry example.py
import torch
from onnxscript import opset20 as op

from onnxdx import OnnxRegistry

registry = OnnxRegistry()

def build():
    registry.op("aten::gelu")(gelu)
    return torch.nn.GELU(), (torch.rand(1, 4),)

def gelu(x, aproximate: str = "none"):  # expect: DX712
    return op.Gelu(x, approximate=aproximate)
"""

    function: str
    operator: str
    reasons: tuple[str, ...]

    def message(self) -> str:
        return f"The ONNX function `{self.function}` cannot stand for `{self.operator}`: {'; '.join(self.reasons)}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Give `{self.function}` the parameters and results of the operator."),)
