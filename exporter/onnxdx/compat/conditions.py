"""Conditions and expressions over sizes, in sympy with torch's own functions: computed, and written as Python."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import sympy
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter
from sympy.printing.str import StrPrinter


def holds(condition: Any, sizes: Mapping[str, int]) -> bool:
    """Whether a sympy condition is true for these sizes; a condition that cannot be computed counts as true."""
    symbols, test = _compiled(condition)
    if not symbols <= sizes.keys():
        return True
    try:
        return bool(test(**{symbol: sizes[symbol] for symbol in symbols}))
    except (NameError, TypeError, ZeroDivisionError, ValueError):
        return True


@functools.cache
def _compiled(condition: Any) -> tuple[frozenset[str], Callable[..., Any]]:
    """The names of the symbols of a condition, and the condition as a function of them.

    Many sizes are tried, and sympy alone is slow. Torch's functions over sizes go by their names
    (`torch.utils._sympy.functions`, 2.9 - 2.14).
    """
    symbols = sorted(condition.free_symbols, key=str)
    by_name: dict[str, Callable[..., Any]] = {
        "FloorDiv": operator.floordiv,
        "CleanDiv": operator.floordiv,
        "CeilDiv": lambda a, b: -(-a // b),
        "Mod": operator.mod,
        "PythonMod": operator.mod,
        "Max": max,
        "Min": min,
        "IntTrueDiv": operator.truediv,
        "FloatTrueDiv": operator.truediv,
        "PowByNatural": operator.pow,
        "ToFloat": float,
        "TruncToInt": math.trunc,
        "FloorToInt": math.floor,
        "CeilToInt": math.ceil,
        "Identity": lambda value: value,
    }
    return frozenset(map(str, symbols)), sympy.lambdify(
        symbols, condition, modules=[by_name, "math"], printer=_CallPrinter(_CALLS)
    )


_CALLS = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}


class _CallPrinter(PythonCodePrinter):  # type: ignore[misc]
    """Prints the remainder as a call: as an operator it would bind as torch says, and not as Python does."""

    def _print_Mod(self, expression: Any) -> str:
        return f"Mod({', '.join(map(self._print, expression.args))})"


def written(expression: Any, names: Mapping[str, str]) -> str:
    """A sympy expression over sizes as Python, with `names` for its symbols.

    Torch's own functions (`Mod`, `PythonMod`, `FloorDiv`, ...) print as calls or as `a//b` (2.9 - 2.14).
    """
    if isinstance(expression, (sympy.And, sympy.Or)):
        word = " and " if isinstance(expression, sympy.And) else " or "
        return word.join(sorted(written(part, names) for part in expression.args))
    if isinstance(expression, sympy.core.relational.Relational):
        return f"{_side(expression.lhs, names)} {expression.rel_op} {_side(expression.rhs, names)}"
    return _side(expression, names)


def _side(expression: Any, names: Mapping[str, str]) -> str:
    return re.sub(r"\b[a-z]+\d+\b", lambda match: names.get(match[0], match[0]), _SizePrinter().doprint(expression))


class _SizePrinter(StrPrinter):  # type: ignore[misc]
    """Prints torch's functions over sizes as Python's operators; the methods are named after torch's classes."""

    def _print_Mod(self, expression: Any) -> str:
        return self._operation(expression, "%")

    def _print_FloorDiv(self, expression: Any) -> str:
        return self._operation(expression, "//")

    def _operation(self, expression: Any, sign: str) -> str:
        parts = (self.parenthesize(part, PRECEDENCE["Pow"]) for part in expression.args)
        return f" {sign} ".join(parts)

    _print_PythonMod = _print_Mod
    _print_CleanDiv = _print_FloorDiv


def speaks_of(condition: Any, names: Collection[str]) -> bool:
    """Whether all symbols of a condition have a name (sympy, 2.9 - 2.14)."""
    return all(str(symbol) in names for symbol in getattr(condition, "free_symbols", ()))


def equality(condition: Any, names: Mapping[str, str]) -> str:
    """`a == b + 1` as the declaration `a = b + 1`; empty when no side is a size by itself (a sympy Eq, 2.9 - 2.14)."""
    if not isinstance(condition, sympy.Eq):
        return ""
    for one, other in ((condition.lhs, condition.rhs), (condition.rhs, condition.lhs)):
        if one.is_Symbol:
            return f"{_side(one, names)} = {_side(other, names)}"
    return ""


def is_relation(condition: object) -> bool:
    """Whether what torch could not decide is true or false, and not a number (a sympy expression, 2.9 - 2.14)."""
    return bool(getattr(condition, "is_Boolean", False) or getattr(condition, "is_Relational", False))


def is_about(condition: Any, symbols: set[Any]) -> bool:
    """Whether a condition (of sympy, 2.9 - 2.14) speaks about these symbols only."""
    about = getattr(condition, "free_symbols", None)
    return about is not None and bool(about) and about <= symbols
