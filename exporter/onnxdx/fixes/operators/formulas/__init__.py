"""Operators on complex numbers, written in torch by what has ONNX functions: bodies to trace, as torch's own are.

Each module registers with `@formula("aten::name")`; modules are found, not listed. A function takes the arguments of
its operator. What is traced is run against eager before it is offered, so a formula is a proposal, no promise.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar

from onnxdx.compat.torch_operators import OpOverload
from onnxdx.fixes.operators.uses import registered_name

Body = TypeVar("Body", bound=Callable[..., Any])

_FORMULAS: dict[str, Callable[..., Any]] = {}


def formula(*names: str) -> Callable[[Body], Body]:
    """Offer the function below for these operators, whose parameters it has."""

    def register(function: Body) -> Body:
        _FORMULAS.update(dict.fromkeys(names, function))
        return function

    return register


@functools.cache
def _loaded() -> None:
    for info in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{info.name}")


def formula_for(target: object) -> Callable[..., Any] | None:
    """What computes an operator on complex tensors by simpler ones; None when it is not known."""
    _loaded()
    return _FORMULAS.get(registered_name(target)) if isinstance(target, OpOverload) else None
