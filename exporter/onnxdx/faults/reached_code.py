"""The functions that a model may run: those that were seen, and those that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

import torch


def functions_reached(
    codes: Sequence[CodeType], model: torch.nn.Module, namespaces: Sequence[Mapping[str, Any]]
) -> list[CodeType]:
    """`codes` and the user's functions that they name: globals, and methods of the classes around them."""
    methods: dict[str, list[CodeType]] = {}
    for cls in {cls for module in model.modules() for cls in type(module).__mro__}:
        _collect(methods, vars(cls))
    for names in namespaces:
        _collect(methods, names)
        for cls in [value for value in names.values() if isinstance(value, type)]:
            _collect(methods, vars(cls))
    known = dict.fromkeys(codes)
    queue = list(known)
    for code in queue:
        inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for other in (*inner, *(each for name in code.co_names for each in methods.get(name, ()))):
            if other not in known:
                known[other] = None
                queue.append(other)
    return queue


def _collect(methods: dict[str, list[CodeType]], names: Mapping[str, Any]) -> None:
    for name, value in names.items():
        function = getattr(value, "__wrapped__", None) or getattr(value, "__func__", value)
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType):
            methods.setdefault(name, []).append(code)
