"""Operators composed of ONNX operators: functions that ship with onnxdx as text, to be tried and taken over.

They are no part of the registry, because they cost something that a user should agree to: many nodes, for each row of a
matrix perhaps; an approximation; a size that must be known. Each module registers with `@composition("aten::name")`;
modules are found, not listed. A function's text goes into the user's registry file as it stands here, with the helpers
of its module that it calls, so it reads nothing else.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import onnxscript

from onnxdx.compat.torch_operators import OpOverload, schema
from onnxdx.fixes.operators.function_text import About, Limit, docstring, guard
from onnxdx.fixes.operators.limits import kinds_of, shapes_of
from onnxdx.fixes.operators.uses import Use, registered_name
from onnxdx.registry import OnnxRegistry
from onnxdx.user_functions.registry_source import FunctionSource

Body = TypeVar("Body", bound=Callable[..., Any])

_FUNCTIONS: dict[str, list[tuple[Callable[..., Any], bool]]] = {}
_IMPORTS = {
    "op": "from onnxscript import opset18 as op",
    "ir": "import onnx_ir as ir",
    "math": "import math",
    "np": "import numpy as np",
    "script": "from onnxscript import script",
    "Sequence": "from collections.abc import Sequence",
}


def composition(*names: str, complex: bool = False) -> Callable[[Body], Body]:
    """Offer the function below for these operators, whose parameters it has."""

    def register(function: Body) -> Body:
        for name in names:
            _FUNCTIONS.setdefault(name, []).append((function, complex))
        return function

    return register


@functools.cache
def _loaded() -> None:
    for info in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{info.name}")


def compositions_for(operator: str) -> Iterator[tuple[Callable[..., Any], bool]]:
    """The functions for an operator ("aten::mode"), each with whether it is for complex tensors."""
    _loaded()
    yield from _FUNCTIONS.get(operator, ())


def with_compositions(registry: OnnxRegistry) -> OnnxRegistry:
    """A registry that has the functions of this package as well, where it has none of its own for an operator."""
    return _as_registry().joined(registry)


@functools.cache
def _as_registry() -> OnnxRegistry:
    _loaded()
    registry = OnnxRegistry()
    for name, functions in _FUNCTIONS.items():
        for function, complex in functions:
            registry = registry.with_op(name, function, complex=complex)
    return registry


@dataclass(frozen=True)
class Composed:
    """A function of this package as a candidate for `target`; `overload` is the one that it is made for, if another."""

    target: OpOverload
    function: Callable[..., Any]
    complex: bool
    uses: tuple[Use, ...]
    overload: OpOverload | None = None
    is_eager_code: bool = False
    is_guess: bool = False

    @property
    def how(self) -> str:
        """The first sentences of the function's docstring."""
        return " ".join((inspect.getdoc(self.function) or "").split())

    def source(self, needed: frozenset[About] = frozenset(), proof: str = "") -> FunctionSource:
        """The function's text, with the limits that are needed, and the helpers that it calls."""
        limits = [limit for limit in self._limits() if limit.about in needed]
        head = [*(line for limit in limits for line in guard(limit)), *self._numbers_as_tensors()]
        said = docstring(self.target, self.how, proof)
        flag = ", complex=True" if self.complex else ""
        operator = registered_name(self.target)
        function = _text(self.function, said, head)
        helpers = [_text(helper, None, []) for helper in _helpers(self.function)]
        code = "\n\n\n".join([*helpers, f'@registry.op("{operator}"{flag})\n{function}']) + "\n"
        words = set(re.findall(r"\w+", _code_only(code)))
        imports = tuple(sorted(line for name, line in _IMPORTS.items() if name in words))
        return FunctionSource(operator, code, imports, self.complex)

    def _numbers_as_tensors(self) -> Iterator[str]:
        if self.overload is None:
            return
        given = {each.name: str(each.type) for each in schema(self.target).arguments}
        like = next(name for name, kind in given.items() if kind == "Tensor")
        for each in schema(self.overload).arguments:
            if str(each.type) == "Tensor" and given[each.name] != "Tensor":
                yield f"{each.name} = op.CastLike({each.name}, {like})"

    def _limits(self) -> Iterator[Limit]:
        given = self.uses[0].arguments
        leaves = given.leaves() if given.target is self.target else []
        yield from kinds_of(leaves)
        yield from shapes_of(leaves)


def _helpers(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The functions of the same module that a function calls, directly or not, those that are called first."""
    found: dict[Callable[..., Any], None] = {}

    def visit(caller: Callable[..., Any]) -> None:
        for name in _names_in(caller.__code__):
            helper = _plain(caller.__globals__.get(name))
            if helper is not None and helper.__module__ == function.__module__ and helper not in (function, *found):
                visit(helper)
                found[helper] = None

    visit(function)
    return list(found)


def _plain(value: Any) -> Callable[..., Any] | None:
    """The Python function that a value is, or that `@script` has made a value of."""
    function = value.function if isinstance(value, onnxscript.OnnxFunction) else value
    return function if inspect.isfunction(function) else None


def _names_in(code: Any) -> list[str]:
    inner = [name for part in code.co_consts if inspect.iscode(part) for name in _names_in(part)]
    return [*code.co_names, *inner]


def _text(function: Callable[..., Any], said: Sequence[str] | None, head: Sequence[str]) -> str:
    """The text of a function without decorators; with another docstring, and statements before its own."""
    text = textwrap.dedent(inspect.getsource(function))
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    lines = text.rstrip().split("\n")
    first = node.body[0]
    if said is None and not head:
        scripted = any("script" in ast.unparse(each) for each in node.decorator_list)
        return "\n".join(lines if scripted else lines[node.lineno - 1 :])
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    signature = lines[node.lineno - 1 : first.lineno - 1]
    rest = lines[(first.end_lineno or first.lineno) if has_docstring else first.lineno - 1 :]
    added = [f"    {line}" if line else "" for line in [*(said or ()), *head]]
    return "\n".join([*signature, *added, *rest])


def _code_only(code: str) -> str:
    return re.sub(r'"""[\s\S]*?"""', "", code)
