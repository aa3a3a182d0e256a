"""Which way the decisions of the user's code go: every test in it notes its truth, and nothing else changes."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

_NAME = "__onnxdx_decided__"

Region = tuple[str, int, int, int, int]
"""Path, first line, first column, last line and last column of a test, as `ast` counts them (columns in bytes)."""


_PYTHON = frozenset({"dtype", "device", "ndim", "training", "requires_grad", "layout", "isinstance", "hasattr"})


def _is_of_python(test: ast.expr) -> bool:
    """Whether a test asks what no other input values change."""
    if isinstance(test, ast.BoolOp):
        return False
    names = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(test)}
    operators = [operator for node in ast.walk(test) if isinstance(node, ast.Compare) for operator in node.ops]
    return bool(names & _PYTHON) or any(isinstance(each, (ast.Is, ast.IsNot)) for each in operators)


def _is_of_settings(test: ast.expr, changing: frozenset[str]) -> bool:
    """Whether a test is about attributes of `self` alone that keep what they were given when it was made."""
    parts = [node for node in ast.walk(test) if isinstance(node, ast.expr)]
    names = {node.id for node in parts if isinstance(node, ast.Name)}
    attributes = {node.attr for node in parts if isinstance(node, ast.Attribute)}
    kinds = (ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.UnaryOp, ast.BoolOp)
    return names == {"self"} and all(isinstance(node, kinds) for node in parts) and not attributes & changing


def _changing(tree: ast.Module) -> frozenset[str]:
    """The attributes that are set in a function that is no `__init__`."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name != "__init__")
    inside = (node for function in functions for node in ast.walk(function))
    return frozenset(
        node.attr for node in inside if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    )


@dataclass
class Decisions:
    """Where tests stand and which truths they had."""

    regions: list[Region]
    truths: list[set[bool]]
    settings: list[bool] = field(default_factory=list)
    """Whether a test is about settings of the model, which no inputs change."""

    @staticmethod
    def recorded() -> Decisions:
        """An empty record that the tests of all files that `transform` sees write to."""
        record = Decisions([], [])

        def decided(value: object, number: int) -> object:
            if not torch.compiler.is_compiling():
                both = record.settings[number] and not isinstance(value, torch.Tensor)
                record.truths[number] |= {True, False} if both else {bool(value)}
            return value

        setattr(builtins, _NAME, decided)
        return record

    def transform(self, tree: ast.Module, path: str) -> ast.Module:
        """The file with each test wrapped."""
        changing = _changing(tree)
        for node in list(ast.walk(tree)):
            match node:
                case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
                    node.test = self._wrapped(node.test, path, changing)
                case ast.comprehension():
                    node.ifs = [self._wrapped(test, path, changing) for test in node.ifs]
                case ast.BoolOp():
                    first = [self._wrapped(value, path, changing) for value in node.values[:-1]]
                    node.values = [*first, node.values[-1]]
        return tree

    def one_sided(self) -> Iterator[tuple[Region, bool]]:
        """The tests that were reached and always had one truth."""
        for region, truths in zip(self.regions, self.truths, strict=True):
            if len(truths) == 1:
                yield region, next(iter(truths))

    def _wrapped(self, test: ast.expr, path: str, changing: frozenset[str]) -> ast.expr:
        if _is_of_python(test):
            return test
        number = len(self.regions)
        end = (test.end_lineno or test.lineno, test.end_col_offset or test.col_offset)
        self.regions.append((path, test.lineno, test.col_offset, *end))
        self.truths.append(set())
        self.settings.append(_is_of_settings(test, changing))
        call = ast.Call(ast.Name(_NAME, ast.Load()), [test, ast.Constant(number)], [])
        return ast.copy_location(call, test)
