"""ONNX functions of our own: what onnxscript's torchlib lacks, or has wrong.

Each module of this package registers with `@onnx_function("aten::name.overload")`; modules are found, not listed. The
functions are written for opset 18 in the style of torchlib (parameters named and typed after the operator's schema) and
are traced, so that plain Python `if`s on dtypes and ranks are fine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onnxscript.values import Opset, TracedOnnxFunction


@dataclass(frozen=True)
class OwnFunction:
    """One ONNX function of ours: for which opset it is written, and whether it takes complex tensors."""

    function: TracedOnnxFunction
    complex: bool
    since: int


FUNCTIONS: dict[str, list[OwnFunction]] = {}
"""Our functions by the operator they stand for."""


def onnx_function(
    *names: str, complex: bool = False, since: int = 18
) -> Callable[[Callable[..., Any]], TracedOnnxFunction]:
    """Register an ONNX function for these operators ("aten::add.Tensor"; the default overload has no suffix).

    `since` is the lowest opset whose operators it uses.
    """

    def register(body: Callable[..., Any]) -> TracedOnnxFunction:
        function = TracedOnnxFunction(Opset("onnxdx", 1), body)
        for name in names:
            FUNCTIONS.setdefault(name, []).append(OwnFunction(function, complex, since))
        return function

    return register
