"""Which ONNX function stands for which operator.

A registry is a value: `with_op` gives a new one. Entries come from onnxscript's torchlib, from `onnxdx.ops` (what
torchlib lacks or has wrong) and from the user, and the later win. Functions are looked at only when a model needs them.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import math
import operator
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, TypeVar

import onnx_ir as ir
import onnxscript
import torch
from onnxscript.function_libs.torch_lib import registration

from onnxdx import ops
from onnxdx.compat.torch_operators import OpOverload, name_of, only_overload, schema
from onnxdx.compat.writing_operators import returning, writer_of
from onnxdx.graph.decomposition import decompositions_of
from onnxdx.request import DEFAULT_OPSET
from onnxdx.user_functions.operator_signatures import misfits
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx712_function_misfits import FunctionMisfits
from onnxdx_diagnostics.source import region

OnnxFunction = Any
"""An `onnxscript.OnnxFunction` or `onnxscript.values.TracedOnnxFunction`."""

Target = Callable[..., Any]
"""What `fx.Node.target` is: an OpOverload, a Python builtin or one of torch's symbolic functions."""

Body = TypeVar("Body", bound=Callable[..., Any])


class RegistrationError(ValueError):
    """An ONNX function can never stand for the operator that it is registered for.

    `function` and `line` ("file.py:12") are where the function is written, `operator` is the operator's schema and
    `reasons` say what does not fit, each as the end of a sentence about the function.
    """

    def __init__(self, function: str, line: str, operator: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"`{function}` ({line}) cannot stand for `{operator}`: {'; '.join(reasons)}")
        self.function = function
        self.line = line
        self.operator = operator
        self.reasons = reasons

    def finding(self) -> FunctionMisfits:
        """This error as a finding, on the line of the function."""
        path, _, line = self.line.rpartition(":")
        return FunctionMisfits(Site(region(path, int(line))), self.function, self.operator, self.reasons)


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

    @property
    def name(self) -> str:
        """What the function is called."""
        return str(getattr(self.function, "name", None) or getattr(self.function, "__name__", "function"))

    @property
    def domain(self) -> str:
        """The domain of the ONNX function that a call becomes; empty when its operators are put in place of the call.

        That is the case of every plain Python function; an onnxscript `@script` function stays one in the model.
        """
        return self.function.opset.domain if isinstance(self.function, onnxscript.OnnxFunction) else ""

    @property
    def stops(self) -> str:
        """The decomposition of torch that is not used because of this entry; empty when there is none."""
        target = overload_named(self.operator)
        body = next(decompositions_of(target), None) if target is not None else None
        if body is None:
            return ""
        module = getattr(body, "__module__", "") or ""
        return (
            f"{module}.{body.__name__}" if module.startswith("torch") and body.__name__ != "decompose" else "composite"
        )

    def __str__(self) -> str:
        place = f" ({self.origin})" if self.is_users else ""
        return f"{'' if self.is_users else self.origin + ' '}{self.name}{place}{' for complex tensors' * self.complex}"


@dataclass(frozen=True)
class Change:
    """What one operator is to two registries: its entries of one kind, real or complex, the preferred ones first."""

    operator: str
    before: tuple[Entry, ...]
    after: tuple[Entry, ...]

    def __str__(self) -> str:
        if not self.after:
            return f"{self.operator}: no function in place of {self.before[0]}"
        text = f"{self.operator}: {self.after[0]}"
        if self.before:
            text += f" in place of {self.before[0]}"
        unreached = [entry for entry in self.after[1:] if entry.is_users and entry not in self.before]
        return text + "".join(f"; it is later than {entry} and wins" for entry in unreached)


@dataclass
class OnnxRegistry:
    """Operators and their ONNX functions, the preferred one first.

    `user` holds the entries added to the default ones, `removed` the operators whose default entries do not count.
    `with_op` and `without_op` give new registries; `register_op` and the decorator `op` change this one. Making one
    costs nothing: default entries are loaded when an operator is looked up, once for a process.
    """

    user: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()

    def with_op(
        self, target: Callable[..., Any] | str, function: OnnxFunction, *, complex: bool = False
    ) -> OnnxRegistry:
        """A new registry in which `function` stands for `target`: an overload, or its name "ns::name.overload".

        A custom operator (`torch.library.custom_op`) and an operator with one overload stand for that overload. The
        function of a custom operator that writes into its arguments returns the results of the operator, then the new
        values of what it writes, in the order of the schema.
        `function` is an onnxscript function or a plain Python function that calls onnxscript operators. An operator
        with an entry is not decomposed any more.

        Raises TypeError when `target` is no operator or `function` no function, ValueError when it is open which
        overload is meant, and RegistrationError when the function can never stand for the operator.
        """
        return self._with(_entry(target, function, complex, sys._getframe(1)))

    def without_op(self, target: Callable[..., Any] | str) -> OnnxRegistry:
        """A new registry in which `target` has no ONNX function, so that it is decomposed where torch can do that.

        Raises TypeError and ValueError as `with_op`, and LookupError when it has none.
        """
        key = _key(target)
        if key not in self:
            raise LookupError(f"`{key}` has no ONNX function to remove{_near(key, self)}")
        user = {name: entries for name, entries in self.user.items() if name != key}
        return OnnxRegistry(user, self.removed | {key})

    def register_op(
        self,
        function: OnnxFunction,
        namespace: str,
        op_name: str,
        overload: str | None = None,
        *,
        is_complex: bool = False,
    ) -> None:
        """Let `function` stand for "namespace::op_name.overload" in this registry. Raises as `with_op`."""
        self._add(_entry(_joined(namespace, op_name, overload), function, is_complex, sys._getframe(1)))

    def op(self, target: Callable[..., Any] | str, *, complex: bool = False) -> Callable[[Body], Body]:
        """A decorator that lets the function below it stand for `target` in this registry.

        The function itself stays what it is: a plain Python function, or one that `@onnxscript.script` has made.
        Raises as `with_op`.
        """
        caller = sys._getframe(1)
        line = caller.f_lineno

        def register(function: Body) -> Body:
            self._add(_entry(target, function, complex, caller, line))
            return function

        return register

    def joined(self, later: OnnxRegistry) -> OnnxRegistry:
        """A new registry with the entries of both, those of `later` first."""
        registry = self
        for key in later.removed:
            registry = OnnxRegistry({**registry.user, key: ()}, registry.removed | {key})
        for entries in later.user.values():
            for entry in reversed(entries):
                registry = registry._with(entry)
        return registry

    def diff(self, other: OnnxRegistry) -> tuple[Change, ...]:
        """What is another one in `other`: per operator, what stood for it here and what stands for it there."""
        changes = []
        for key in sorted({*self.user, *other.user, *self.removed, *other.removed}):
            for complex in (False, True):
                before, after = (
                    tuple(entry for entry in registry.entries(key) if entry.complex is complex)
                    for registry in (self, other)
                )
                if before != after:
                    changes.append(Change(key, before, after))
        return tuple(changes)

    @property
    def opset_version(self) -> int:
        """The opset that functions are traced for when `ExportOptions.opset_version` says nothing else."""
        return DEFAULT_OPSET

    def is_registered_op(self, namespace: str, op_name: str, overload: str | None = None) -> bool:
        """Whether an ONNX function stands for "namespace::op_name.overload"."""
        return _joined(namespace, op_name, overload) in self

    def get_op_functions(self, namespace: str, op_name: str, overload: str | None = None) -> list[Entry] | None:
        """The entries of "namespace::op_name.overload", the preferred one first; None when there is none."""
        return list(self.entries(_joined(namespace, op_name, overload))) or None

    def __contains__(self, target: object) -> bool:
        return (isinstance(target, str) or callable(target)) and bool(self.entries(target))

    def _with(self, entry: Entry) -> OnnxRegistry:
        own = (entry, *self.user.get(entry.operator, ()))
        return OnnxRegistry({**self.user, entry.operator: own}, self.removed)

    def _add(self, entry: Entry) -> None:
        self.user = self._with(entry).user

    def entries(self, target: Target | str) -> tuple[Entry, ...]:
        """The entries of one operator, the preferred one first; empty when there is none."""
        key = (target if isinstance(target, str) else key_of(target)).removesuffix(".default")
        if key in self.removed:
            return self.user.get(key, ())
        return (*self.user.get(key, ()), *_ours().get(key, ()), *_torchlib(key))

    def __iter__(self) -> Iterator[str]:
        """The names of all operators that have an entry."""
        names = dict.fromkeys([*self.user, *_ours(), *_torchlib_names()])
        yield from (name for name in names if name not in self.removed or self.user.get(name))


class WatchedRegistry(OnnxRegistry):
    """`registry`, telling which operators it was asked for, and what it answered."""

    def __init__(self, registry: OnnxRegistry) -> None:
        super().__init__(registry.user, registry.removed)
        self._registry = registry
        self._asked: dict[str, tuple[Entry, ...]] = {}

    @contextlib.contextmanager
    def watched(self) -> Iterator[dict[str, tuple[Entry, ...]]]:
        """Fill the yielded dict while the block runs: the entries by operator. Blocks may be in one another."""
        outer, self._asked = self._asked, {}
        try:
            yield self._asked
        finally:
            outer.update(self._asked)
            self._asked = outer

    def entries(self, target: Target | str) -> tuple[Entry, ...]:
        """The entries of one operator, the preferred one first; empty when there is none."""
        found = self._registry.entries(target)
        self._asked[target if isinstance(target, str) else key_of(target)] = found
        return found


def overload_named(key: str) -> OpOverload | None:
    """The operator of this name ("aten::add.Tensor"), when torch or a library that is loaded has it.

    One of a library that writes into its arguments is the one that returns instead, as graphs have it.
    """
    namespace, _, name = key.partition("::")
    packet, _, overload = name.partition(".")
    if not (namespace.isidentifier() and packet.isidentifier()):
        return None
    found = getattr(getattr(getattr(torch.ops, namespace), packet, None), overload or "default", None)
    return returning(found) if isinstance(found, OpOverload) and name_of(found) == key else None


def _entry(
    target: Callable[..., Any] | str, function: OnnxFunction, complex: bool, caller: FrameType, line: int = 0
) -> Entry:
    """The entry of a user, checked. `caller` registers it, at `line` or where it is now."""
    if not callable(function):
        raise TypeError(f"an ONNX function is a function, not {function!r}")
    if not isinstance(function, (onnxscript.OnnxFunction, onnxscript.values.TracedOnnxFunction)):
        function = onnxscript.values.TracedOnnxFunction(onnxscript.values.Opset("onnxdx.user", 1), function)
    code = getattr(getattr(function, "function", None) or function.func, "__code__", None)
    origin = f"{code.co_filename}:{code.co_firstlineno}" if code else "user"
    registered = f"{caller.f_code.co_filename}:{line or caller.f_lineno}"
    entry = Entry(_key(target), function, origin, complex, registered=registered)
    operator = overload_named(entry.operator)
    reasons = tuple(misfits(operator, function)) if operator is not None else ()
    if operator is not None and reasons:
        raise RegistrationError(entry.name, origin if code else registered, str(schema(writer_of(operator))), reasons)
    return entry


def _key(target: Callable[..., Any] | str) -> str:
    key = target if isinstance(target, str) else key_of(only_overload(target))
    return key.removesuffix(".default")


def _joined(namespace: str, op_name: str, overload: str | None) -> str:
    return f"{namespace}::{op_name}" + (f".{overload}" if overload and overload != "default" else "")


def _near(key: str, registry: OnnxRegistry) -> str:
    near = difflib.get_close_matches(key, registry, 3, 0.75)
    return f"; there is {', '.join(f'`{name}`' for name in near)}" if near else ""


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
