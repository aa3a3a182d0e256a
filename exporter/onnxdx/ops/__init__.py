"""ONNX functions of our own: what onnxscript's torchlib lacks, or has wrong.

Each module of this package registers with `@onnx_function("aten::name.overload")`; modules are found, not listed. The
functions are written for opset 18 in the style of torchlib (parameters named and typed after the operator's schema) and
are traced, so that plain Python `if`s on dtypes and ranks are fine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onnxscript.function_libs.torch_lib.registration import Registry, torch_op

FUNCTIONS = Registry()


def onnx_function(*names: str, complex: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Register an ONNX function for these operators ("aten::add.Tensor"; the default overload has no suffix)."""
    return torch_op(names, registry=FUNCTIONS, trace_only=True, complex=complex)
