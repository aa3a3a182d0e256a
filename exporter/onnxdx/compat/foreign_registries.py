"""What others know of operators: the symbolic functions of the TorchScript exporter, and ONNX Runtime's schemas."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, cast


def symbolic_function(name: str) -> Callable[..., Any] | None:
    """The function that `torch.onnx.register_custom_op_symbolic` was given for an operator, if it was called.

    The registry of that exporter is looked at only where it is loaded already: whoever has registered something has
    loaded it (`torch.onnx._internal.torchscript_exporter.registration`, 2.9 - 2.14).
    """
    loaded = sys.modules.get("torch.onnx._internal.torchscript_exporter.registration")
    group = loaded.registry.get_function_group(name) if loaded is not None else None
    return cast("Callable[..., Any] | None", group.get(SYMBOLIC_OPSET)) if group is not None else None


SYMBOLIC_OPSET = 23
"""No symbolic function is for a later opset; the registry gives the nearest one that is not later."""


def runtime_schemas() -> list[Any]:
    """The schemas of all operators that ONNX Runtime knows, those of its own domains as well.

    Only its documentation generator uses the function (`onnxruntime.capi`, 1.20 - 1.23).
    """
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return list(state.get_all_operator_schema())
