"""Where the user's source defines something: functions, their parameters and returns, classes, and calls by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from onnxdx.user_code.syntax_tree import region_of, tree_of
from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Location


def file_of(cls: type) -> str:
    """The file that a class was written in, or the notebook cell that its methods were; "" for a built-in one."""
    import inspect

    try:
        return inspect.getsourcefile(cls) or ""
    except (OSError, TypeError):
        codes = (getattr(value, "__code__", None) for value in vars(cls).values())
        return next((code.co_filename for code in codes if code is not None), "")


def class_line(cls: type) -> Location | None:
    """The `class` statement of a class, if it was written in a file."""
    import inspect

    try:
        path, line = inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return None
    return source.region(path, line) if path else None


def returns(function: object) -> list[Location]:
    """The `return` and `yield` of a function of the user, not those of functions inside it."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    tree = tree_of(code.co_filename) if code is not None else None
    if code is None or tree is None:
        return []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if code.co_firstlineno in (node.lineno, first):
                return [region_of(code.co_filename, found) for found in _returns(node.body)]
    return []


def parameter(function: object, name: str) -> Location | None:
    """The parameter of this name in the definition of a function, if it was written in a file."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    tree = tree_of(code.co_filename) if code is not None else None
    if code is None or tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg == name and code.co_firstlineno <= node.lineno:
            return region_of(code.co_filename, node)
    return None


def definition(function: object) -> Location | None:
    """The line with the `def` of a function, below its decorators."""
    code = getattr(function, "__code__", None)
    tree = tree_of(code.co_filename) if code is not None else None
    if code is None:
        return None
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == code.co_firstlineno:
                return source.region(code.co_filename, node.lineno)
    return source.region(code.co_filename, code.co_firstlineno)


def calls_of(path: str, name: str) -> list[ast.Call]:
    """The calls of a function or method of this name in a file."""
    tree = tree_of(path)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    return [node for node in calls if getattr(node.func, "attr", getattr(node.func, "id", "")) == name]


def _returns(body: list[ast.stmt]) -> Iterator[ast.Return | ast.Yield | ast.YieldFrom]:
    queue: list[ast.AST] = list(body)
    for node in queue:
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            queue.extend(ast.iter_child_nodes(node))
