"""The Python functions that compute custom operators, however they were registered."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FrameType, FunctionType
from typing import Any

from onnxdx.compat.kernels import kernel_of, python_kernel
from onnxdx.compat.small_programs import without_modes
from onnxdx.compat.torch_operators import OpOverload
from onnxdx.compat.writing_operators import ReturningOperator

_found: dict[OpOverload, Callable[..., Any] | None] = {}


def has_body(target: object) -> bool:
    """Whether an operator is computed by Python."""
    return isinstance(target, OpOverload) and python_kernel(target) is not None


def body_of(target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Callable[..., Any] | None:
    """The function that computes an operator; None when it is not in Python, or is none that can be told.

    Of a kernel that was registered by `torch.library.impl` torch keeps no reference in Python, and while something is
    traced it cannot be reached. So it is called once, on these arguments, to see which function it is.
    """
    known = kernel_of(target)
    if known is None and target not in _found:
        kernel = python_kernel(target)
        _found[target] = _first_called(kernel, args, kwargs) if kernel is not None else None
    body = known or _found[target]
    return target.body(body) if body is not None and isinstance(target, ReturningOperator) else body


def _first_called(kernel: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> FunctionType | None:
    """The first function of Python that a call runs."""
    frames: list[FrameType] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and not frames:
            frames.append(frame)

    before = sys.getprofile()
    try:
        # what the operator raises for these arguments does not matter: its function was entered all the same
        with without_modes(), contextlib.suppress(Exception):
            sys.setprofile(profile)
            kernel(*args, **kwargs)
    finally:
        sys.setprofile(before)
    return _function_of(frames[0]) if frames else None


def _function_of(frame: FrameType) -> FunctionType | None:
    """The function that a frame runs, if only one can be it."""
    code: CodeType = frame.f_code
    functions = [each for each in gc.get_referrers(code) if isinstance(each, FunctionType) and each.__code__ is code]
    return functions[0] if len(functions) == 1 else None
