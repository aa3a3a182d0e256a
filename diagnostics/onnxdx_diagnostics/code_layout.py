"""Python code in fixes, laid out for the width at hand: a long call gets a line for each argument."""

from __future__ import annotations

import ast

from onnxdx_diagnostics.visible import visible_lines

_INDENT = "    "


def is_code(text: str) -> bool:
    """Whether the text of a fix is Python and not prose."""
    body = _parsed(text)
    # A plain word parses as well.
    return bool(body) and not all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Name) for each in body)


def laid_out(code: str, width: int) -> list[str]:
    """The lines of `code`. Of one that is wider than `width` the outermost brackets are opened, as often as needed."""
    return [part for line in visible_lines(code) for part in _fitted(line, width)]


def _fitted(line: str, width: int) -> list[str]:
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    opened = _opened(text.removesuffix(",")) if len(line) > width else None
    if opened is None:
        return [line]
    head, items, tail = opened
    inner = [part for item in items for part in _fitted(f"{indent}{_INDENT}{item},", width)]
    return [indent + head, *inner, indent + tail + ("," if text.endswith(",") else "")]


def _opened(text: str) -> tuple[str, list[str], str] | None:
    """The text up to its outermost bracket, the items inside, and the rest from the closing bracket on."""
    brackets = [found for node in ast.walk(ast.Module(_parsed(text), [])) if (found := _items(node, text))]
    if not brackets:
        return None
    spans = max(brackets, key=lambda spans: spans[-1][1] - spans[0][0])
    source = text.encode()
    head, tail = source[: spans[0][0]], source[spans[-1][1] :]
    items = [source[start:end].decode() for start, end in spans]
    opened = head.decode().rstrip(), items, tail.decode().lstrip().removeprefix(",").lstrip()
    # Parentheses around an item are no part of it: without them it may be another program.
    same = _dumped("\n".join([opened[0], *(f"{item}," for item in items), opened[2]])) == _dumped(text)
    return opened if same else None


def _items(node: ast.AST, text: str) -> list[tuple[int, int]]:
    """Where the items in the brackets of a call, list or tuple start and end, in bytes; none of what is not opened."""
    match node:
        case ast.Call(args=[ast.GeneratorExp()], keywords=[]):
            return []
        case ast.Call(args=args, keywords=keywords):
            items: list[ast.expr | ast.keyword] = [*args, *keywords]
        case ast.List(elts=elements):
            items = [*elements]
        case ast.Tuple(elts=elements) if text.encode()[node.col_offset : node.col_offset + 1] == b"(":
            items = [*elements]
        case _:
            return []
    return sorted((item.col_offset, item.end_col_offset or 0) for item in items)


def _parsed(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _dumped(text: str) -> str:
    return ast.dump(ast.Module(_parsed(text), []))
