"""The user's files as syntax trees, and the regions that their nodes cover."""

from __future__ import annotations

import ast
import functools

from onnxdx.user_code.stacks import Spot, location_of
from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Location


def tree_of(path: str) -> ast.Module | None:
    """The syntax tree of a file; None for what is no file, or no Python."""
    text = "\n".join(_all_lines(path))
    return _parsed(text)


def _all_lines(path: str) -> list[str]:
    import linecache

    return [line.rstrip("\n") for line in linecache.getlines(path)]


@functools.lru_cache(maxsize=32)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text) if text else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def region_of(path: str, node: ast.expr | ast.arg | ast.stmt) -> Location:
    """The region of a file that a node covers."""
    last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    spot = Spot(path, node.lineno, "", _code_points(path, node.lineno, node.col_offset) + 1, last)
    return location_of(spot._replace(end_column=_code_points(path, last, end) + 1))


def _code_points(path: str, line: int, offset: int) -> int:
    return len(source.lines_of(path, line).encode()[:offset].decode(errors="replace"))
