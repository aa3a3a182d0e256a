"""Which ONNX function stands for which operator.

A registry is a value: `with_op` gives a new one. Entries come from onnxscript's torchlib, from `onnxdx.ops` (what
torchlib lacks or has wrong) and from the user, and the later win. Functions are looked at only when a model needs them.
"""

from __future__ import annotations

import functools
import importlib
import math
import operator
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir
import onnxscript
import torch
from onnxscript.function_libs.torch_lib import registration

from onnxdx import ops
from onnxdx.compat import OpOverload, name_of, only_overload

OnnxFunction = Any
"""An `onnxscript.OnnxFunction` or `onnxscript.values.TracedOnnxFunction`."""

Target = Callable[..., Any]
"""What `fx.Node.target` is: an OpOverload, a Python builtin or one of torch's symbolic functions."""


def key_of(target: object) -> str:
    """The name under which an operator is registered: "aten::add.Tensor", "aten::relu", "math::ceil"."""
    if isinstance(target, OpOverload):
        return name_of(target)
    module = getattr(target, "__module__", "") or ""
    name = getattr(target, "__name__", str(target))
    namespace = {operator.__name__: "_operator", "_operator": "_operator", math.__name__: "math"}.get(module)
    return f"{namespace or module.split('.')[0]}::{name}"


@dataclass(frozen=True)
class Entry:
    """One ONNX function for one operator.

    `origin` says where it comes from ("torchlib", "onnxdx", or "file.py:12" of the user); `complex` functions take
    complex tensors as real ones with a last axis of size 2; `since` is the lowest opset it can be traced for.
    `registered` is the line ("file.py:40") on which the user registered it.
    """

    operator: str
    function: OnnxFunction
    origin: str
    complex: bool = False
    since: int = 18
    registered: str = ""

    @property
    def is_users(self) -> bool:
        """Whether the user registered it."""
        return self.origin not in ("torchlib", "onnxdx")

    @property
    def signature(self) -> ir.schemas.OpSignature:
        """The function's parameters, from its annotations."""
        return self.function.op_signature  # type: ignore[no-any-return]


@dataclass(frozen=True)
class OnnxRegistry:
    """Operators and their ONNX functions, the preferred one first.

    `user` holds the entries added to the default ones. Build one with `OnnxRegistry().with_op(...)`.
    """

    user: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)

    def with_op(
        self, target: Callable[..., Any] | str, function: OnnxFunction, *, complex: bool = False
    ) -> OnnxRegistry:
        """A new registry in which `function` stands for `target`: an overload, or its name "ns::name.overload".

        A custom operator (`torch.library.custom_op`) and an operator with one overload stand for that overload.
        `function` is an onnxscript function or a plain Python function that calls onnxscript operators. An operator
        with an entry is not decomposed any more.

        Raises TypeError when `target` is no operator or `function` no function, ValueError when it is open which
        overload is meant.
        """
        if not callable(function):
            raise TypeError(f"an ONNX function is a function, not {function!r}")
        if not isinstance(function, (onnxscript.OnnxFunction, onnxscript.values.TracedOnnxFunction)):
            function = onnxscript.values.TracedOnnxFunction(onnxscript.values.Opset("onnxdx.user", 1), function)
        code = getattr(getattr(function, "function", None) or function.func, "__code__", None)
        origin = f"{code.co_filename}:{code.co_firstlineno}" if code else "user"
        key = target if isinstance(target, str) else key_of(only_overload(target))
        caller = sys._getframe(1)
        registered = f"{caller.f_code.co_filename}:{caller.f_lineno}"
        entry = Entry(key.removesuffix(".default"), function, origin, complex, registered=registered)
        return OnnxRegistry({**self.user, entry.operator: (entry, *self.user.get(entry.operator, ()))})

    def entries(self, target: Target | str) -> tuple[Entry, ...]:
        """The entries of one operator, the preferred one first; empty when there is none."""
        key = target if isinstance(target, str) else key_of(target)
        return (*self.user.get(key, ()), *_ours().get(key, ()), *_torchlib(key))

    def __iter__(self) -> Iterator[str]:
        """The names of all operators that have an entry."""
        yield from dict.fromkeys([*self.user, *_ours(), *_torchlib_names()])


@functools.cache
def _torchlib_registry() -> Mapping[str, Any]:
    importlib.import_module("onnxscript.function_libs.torch_lib.ops")
    return dict(registration.default_registry.items())


def _torchlib_names() -> list[str]:
    return [name for name in _torchlib_registry() if not name.startswith("internal::")]


@functools.cache
def _torchlib(key: str) -> tuple[Entry, ...]:
    found = _torchlib_registry().get(key)
    if found is None:
        return ()
    real = [Entry(key, function, "torchlib") for function in found.overloads]
    return (*real, *(Entry(key, function, "torchlib", complex=True) for function in found.complex))


@functools.cache
def _ours() -> Mapping[str, tuple[Entry, ...]]:
    for info in pkgutil.iter_modules(ops.__path__):
        importlib.import_module(f"{ops.__name__}.{info.name}")
    return {
        name: tuple(
            Entry(name, own.function, "onnxdx", own.complex, own.since)
            for own in sorted(found, key=lambda own: own.since, reverse=True)
        )
        for name, found in ops.FUNCTIONS.items()
    }


def _is_complex(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype.is_complex


_MADE_FROM_NUMBERS = frozenset(
    f"aten::{prefix}{name}{suffix}"
    for name in ("zeros", "ones", "full", "empty", "rand", "randn")
    for prefix, suffix in (("", ""), ("new_", ""), ("", "_like"))
) | {"aten::eye", "aten::arange", "aten::linspace", "aten::logspace", "aten::scalar_tensor"}
"""Operators whose result is complex because they were asked for that, not because their inputs are."""


def select(registry: OnnxRegistry, node: torch.fx.Node, opset_version: int) -> Entry | None:
    """The entry that stands for a node: the first whose opset and complexness fit; None when there is none."""
    operands = [argument.meta.get("val") for argument in node.all_input_nodes]
    numbers = [argument for argument in (*node.args, *node.kwargs.values()) if isinstance(argument, complex)]
    complex_inputs = bool(numbers) or any(map(_is_complex, operands))
    if not complex_inputs and key_of(node.target).partition(".")[0] in _MADE_FROM_NUMBERS:
        complex_inputs = _is_complex(node.meta.get("val"))
    fitting = [entry for entry in registry.entries(node.target) if entry.since <= opset_version]
    return next((entry for entry in fitting if entry.complex == complex_inputs), None)
