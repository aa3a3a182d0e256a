"""Which way the decisions of the user's code go: every test in it notes its truth, and nothing else changes."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass
class Decisions:
    """Where tests stand and which truths they had."""

    regions: list[Region]
    truths: list[set[bool]]

    @staticmethod
    def recorded() -> Decisions:
        """An empty record that the tests of all files that `transform` sees write to."""
        record = Decisions([], [])

        def decided(value: object, number: int) -> object:
            if not torch.compiler.is_compiling():
                record.truths[number].add(bool(value))
            return value

        setattr(builtins, _NAME, decided)
        return record

    def transform(self, tree: ast.Module, path: str) -> ast.Module:
        """The file with each test wrapped."""
        for node in list(ast.walk(tree)):
            match node:
                case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
                    node.test = self._wrapped(node.test, path)
                case ast.comprehension():
                    node.ifs = [self._wrapped(test, path) for test in node.ifs]
                case ast.BoolOp():
                    node.values = [*(self._wrapped(value, path) for value in node.values[:-1]), node.values[-1]]
        return tree

    def one_sided(self) -> Iterator[tuple[Region, bool]]:
        """The tests that were reached and always had one truth."""
        for region, truths in zip(self.regions, self.truths, strict=True):
            if len(truths) == 1:
                yield region, next(iter(truths))

    def _wrapped(self, test: ast.expr, path: str) -> ast.expr:
        if _is_of_python(test):
            return test
        number = len(self.regions)
        end = (test.end_lineno or test.lineno, test.end_col_offset or test.col_offset)
        self.regions.append((path, test.lineno, test.col_offset, *end))
        self.truths.append(set())
        call = ast.Call(ast.Name(_NAME, ast.Load()), [test, ast.Constant(number)], [])
        return ast.copy_location(call, test)
