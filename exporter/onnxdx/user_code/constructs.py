"""What the user's source does at a line: which expression stands there, and what Python needs its value for."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from dataclasses import dataclass

from onnxdx.user_code.stacks import Spot, location_of
from onnxdx.user_code.syntax_tree import region_of, tree_of
from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Location


class Use(enum.Enum):
    """What Python needs a value for. VALUE: it is converted to a number, used as an index, or handed on as one.

    ORDER: it is one of those that `min`, `max` or `sorted` compare.
    """

    IF = "if"
    WHILE = "while"
    ASSERT = "assert"
    LOGIC = "and"
    MATCH = "match"
    FILTER = "filter"
    LOOP = "for"
    ORDER = "order"
    VALUE = "value"
    CALL = "call"

    @property
    def decides(self) -> bool:
        """Whether Python decides by the truth of the value."""
        return self in (Use.IF, Use.WHILE, Use.ASSERT, Use.LOGIC, Use.MATCH, Use.FILTER)


@dataclass(frozen=True)
class Construct:
    """An expression of the user's code and what its value is used for.

    `text` is the expression on one line. `rewrite` is the same decision as an operator of torch, where its form is
    simple enough to say; it may be empty. `guards_only` says that the decision only rejects: an `assert`, or an `if`
    that raises.
    """

    use: Use
    text: str
    location: Location | None
    rewrite: str = ""
    guards_only: bool = False


def construct(spot: Spot, hint: str = "") -> Construct:
    """The expression at a frame of the user's code. Without columns it is the one that decides on that line, if any."""
    tree = tree_of(spot.path)
    if tree is None:
        return Construct(Use.VALUE, _line(spot), location_of(spot, hint))
    decided = _decision(tree, spot)
    if decided is not None:
        use, test, owner = decided
        rejects = use is Use.ASSERT or (isinstance(owner, ast.If) and isinstance(owner.body[-1], ast.Raise))
        return Construct(use, _text(test), region_of(spot.path, test), _rewrite(tree, owner, test), rejects)
    matched = _matched(tree, spot)
    if matched is not None:
        return Construct(Use.MATCH, _text(matched), region_of(spot.path, matched))
    looped = _looped(tree, spot)
    if looped is not None:
        return Construct(Use.LOOP, _text(looped), region_of(spot.path, looped))
    here = _at(tree, spot)
    if here is None:
        place = location_of(spot, hint)
        return Construct(Use.VALUE, _text_at(place), place)
    return Construct(_use_of(here), _text(here), region_of(spot.path, here))


def looks_up(spot: Spot) -> bool:
    """Whether a frame of the user's code looks for a key in a table, and does not hand it to a function."""
    tree = tree_of(spot.path)
    here = _at(tree, spot) if tree is not None else None
    match here:
        case ast.Call(func=ast.Attribute(attr="get" | "setdefault" | "pop")):
            return True
        case ast.Call():
            return False
    return True


def decision_between(one: Spot, other: Spot) -> Location | None:
    """The condition that leads to one frame of a function and not to the other; of several the innermost on a size."""
    tree = tree_of(one.path)
    if tree is None or one.path != other.path or one.function != other.function:
        return None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.If, ast.IfExp)) and _branch_of(node, one) != _branch_of(node, other)
    ]
    found.sort(key=lambda node: (node.end_lineno or 0) - node.lineno)
    words = ("shape", "size", "len", "numel")
    on_size = (node for node in found if any(word in ast.unparse(node.test) for word in words))
    chosen = next(on_size, found[0] if found else None)
    return region_of(one.path, chosen.test) if chosen is not None else None


def _branch_of(node: ast.If | ast.IfExp, spot: Spot) -> str:
    for name in ("body", "orelse"):
        parts = getattr(node, name)
        for part in parts if isinstance(parts, list) else [parts]:
            if _holds(part, spot):
                return name
    return ""


def is_check(spot: Spot) -> bool:
    """Whether the frame stands in a check of the user's own: `raise`, `assert`, or a call of `torch._check`."""
    tree = tree_of(spot.path)
    if tree is None:
        return False
    for node in _around(tree, spot):
        if isinstance(node, (ast.Raise, ast.Assert)) and node.lineno <= spot.line <= (node.end_lineno or node.lineno):
            return True
        if isinstance(node, ast.Call) and node.lineno <= spot.line <= (node.end_lineno or node.lineno):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name.startswith(("_check", "_assert")):
                return True
    return False


def _around(tree: ast.Module, spot: Spot) -> list[ast.AST]:
    """What `ast.walk` gives of the parts of a file that reach into the lines of `spot`, in the same order."""
    found: list[ast.AST] = [tree]
    for node in found:
        found += [child for child in ast.iter_child_nodes(node) if _reaches(child, spot)]
    return found


def _reaches(node: ast.AST, spot: Spot) -> bool:
    first = getattr(node, "lineno", None)
    if first is None:  # comprehensions and cases of a match have no lines of their own
        return True
    for decorator in getattr(node, "decorator_list", ()):
        first = min(first, decorator.lineno)
    last: int = getattr(node, "end_lineno", None) or first
    return first <= max(spot.line, spot.end_line) and spot.line <= last


_Owner = ast.If | ast.While | ast.Assert | ast.IfExp | ast.BoolOp | ast.UnaryOp | ast.comprehension | ast.match_case


def _decision(tree: ast.Module, spot: Spot) -> tuple[Use, ast.expr, _Owner] | None:
    """The innermost expression around `spot` whose truth Python asks for, its use, and the node that asks."""
    found: list[tuple[Use, ast.expr, _Owner]] = []
    for node in _around(tree, spot):
        if spot.column and isinstance(node, (ast.IfExp, ast.BoolOp)) and _same_place(node, spot):
            found.append((Use.LOGIC, node, node) if isinstance(node, ast.BoolOp) else (Use.IF, node.test, node))
        for use, test, owner in _tests(node):
            # Python may place the decision itself on the whole statement, and dynamo on all that follows on the line
            starts = [(part.lineno, part.col_offset) for part in (owner, test)] if isinstance(owner, ast.stmt) else []
            whole = spot.column and _start(spot) in starts
            if whole or _holds(test, spot):
                found.append((use, test, owner))
    outer = [each for each in found if each[0] is not Use.LOGIC]
    return min(outer or found, key=lambda each: _extent(each[1]), default=None)


def _tests(node: ast.AST) -> Iterator[tuple[Use, ast.expr, _Owner]]:
    match node:
        case ast.If() | ast.IfExp():
            yield Use.IF, node.test, node
        case ast.While():
            yield Use.WHILE, node.test, node
        case ast.Assert():
            yield Use.ASSERT, node.test, node
        case ast.comprehension():
            for test in node.ifs:
                yield Use.FILTER, test, node
        case ast.match_case(guard=ast.expr() as guard):
            yield Use.IF, guard, node
        case ast.BoolOp():
            for value in node.values[:-1]:
                yield Use.LOGIC, value, node
        case ast.UnaryOp(op=ast.Not()):
            yield Use.LOGIC, node.operand, node


def _holds(node: ast.expr | ast.pattern | ast.stmt, spot: Spot) -> bool:
    first, last = node.lineno, node.end_lineno or node.lineno
    if not spot.column:
        return first <= spot.line <= last
    start, end = (first, node.col_offset), (last, node.end_col_offset or 0)
    return start <= (spot.line, _bytes(spot, spot.line, spot.column)) and (
        (spot.end_line, _bytes(spot, spot.end_line, spot.end_column)) <= end
    )


def _at(tree: ast.Module, spot: Spot) -> ast.expr | None:
    """The expression that stands exactly at `spot`; without columns, the widest one that starts on its line."""
    if not spot.column:
        return None
    near = _around(tree, spot)
    expressions = [node for node in near if isinstance(node, ast.expr)]
    unpacked = [
        node.value
        for node in near
        if isinstance(node, ast.Assign) and any(_holds(target, spot) for target in node.targets)
    ]
    exact = [node for node in expressions if _same_place(node, spot)]
    inside = sorted((node for node in expressions if _holds(node, spot)), key=_extent)
    return next(iter([*unpacked, *exact, *inside]), None)


def _use_of(node: ast.expr) -> Use:
    match node:
        case ast.Call(func=ast.Name(id="int" | "float" | "bool" | "complex" | "range" | "len" | "round" | "str")):
            return Use.VALUE
        case ast.Call(func=ast.Attribute(attr="item" | "tolist")):
            return Use.VALUE
        case ast.Call(func=ast.Name(id="sorted" | "min" | "max")):
            return Use.ORDER
        case ast.Compare() | ast.Call(func=ast.Name(id="any" | "all" | "filter")):
            return Use.LOGIC
        case ast.Call():
            return Use.CALL
    return Use.VALUE


def _matched(tree: ast.Module, spot: Spot) -> ast.expr | None:
    """What a `match` looks at, when `spot` is one of its patterns."""
    for node in _around(tree, spot):
        if isinstance(node, ast.Match) and any(_holds(case.pattern, spot) for case in node.cases):
            return node.subject
    return None


def _looped(tree: ast.Module, spot: Spot) -> ast.expr | None:
    """What a `for` or a comprehension runs over, when `spot` is it, a number in its `range`, or the whole statement."""
    for node in _around(tree, spot):
        if isinstance(node, (ast.For, ast.comprehension)) and _holds(node.iter, spot):
            counts = isinstance(node.iter, ast.Call) and _text(node.iter.func) == "range"
            return node.iter if counts or _same_place(node.iter, spot) or not spot.column else None
        if isinstance(node, ast.For) and (node.lineno, node.col_offset) == _start(spot):
            return node.iter
    return None


def _rewrite(tree: ast.Module, owner: _Owner, test: ast.expr) -> str:
    """The decision as `torch.cond` or `torch.where`, when both sides are one expression."""
    match owner:
        case ast.IfExp():
            return _cond(test, owner.body, owner.orelse)
        case ast.If(body=[ast.Return(value=ast.expr() as then)], orelse=[ast.Return(value=ast.expr() as other)]):
            return f"return {_cond(test, then, other)}"
        case ast.If(body=[ast.Return(value=ast.expr() as then)], orelse=[]):
            after = _next_statement(tree, owner)
            if isinstance(after, ast.Return) and after.value is not None:
                return f"return {_cond(test, then, after.value)}"
        case ast.If(
            body=[ast.Assign(targets=[ast.Name(id=name)], value=then)],
            orelse=[ast.Assign(targets=[ast.Name(id=same)], value=other)],
        ) if name == same:
            return f"{name} = {_cond(test, then, other)}"
        case ast.If(body=[ast.Assign(targets=[ast.Name(id=name)], value=then)], orelse=[]):
            return f"{name} = {_cond(test, then, ast.Name(id=name))}"
    return ""


def _cond(test: ast.expr, then: ast.expr, other: ast.expr) -> str:
    names = [name for name in dict.fromkeys((*_names(then), *_names(other))) if name not in ("self", "torch")]
    parameters = ", ".join(names)
    operands = f"({parameters},)" if len(names) == 1 else f"({parameters})"
    head = f"lambda {parameters}" if names else "lambda"
    return f"torch.cond({_text(test)}, {head}: {_branch(then)}, {head}: {_branch(other)}, {operands})"


def _branch(value: ast.expr) -> str:
    # torch.cond does not allow a branch to hand back its operand itself
    return f"{value.id}.clone()" if isinstance(value, ast.Name) else _text(value)


def _names(node: ast.expr) -> list[str]:
    """The variables an expression reads, without the functions and modules it calls through."""
    called = {id(part) for each in ast.walk(node) if isinstance(each, ast.Call) for part in _callee(each.func)}
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and id(each) not in called]


def _callee(node: ast.expr) -> Iterator[ast.expr]:
    """The names in `f(...)` and `module.f(...)`; `x` of `x.f(...)` is a value unless it looks like a module."""
    if isinstance(node, ast.Name):
        yield node
    while isinstance(node, ast.Attribute):
        node = node.value
    if isinstance(node, ast.Name) and node.id in ("self", "torch", "F", "nn", "math", "np"):
        yield node


def _next_statement(tree: ast.Module, statement: ast.stmt) -> ast.stmt | None:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and statement in body:
            after = body[body.index(statement) + 1 :]
            return after[0] if after else None
    return None


def _text(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 80 else text[:77] + "..."


def _text_at(place: Location) -> str:
    lines = place.snippet.splitlines() or [""]
    if place.end_line == place.line and place.end_column > place.column:
        return lines[0][place.column - 1 : place.end_column - 1].strip()
    return lines[0].strip()


def _line(spot: Spot) -> str:
    return source.lines_of(spot.path, spot.line).strip()


def _start(spot: Spot) -> tuple[int, int]:
    return spot.line, _bytes(spot, spot.line, spot.column)


def _same_place(node: ast.expr, spot: Spot) -> bool:
    end = (spot.end_line, _bytes(spot, spot.end_line, spot.end_column))
    return (node.lineno, node.col_offset) == _start(spot) and (node.end_lineno, node.end_col_offset) == end


def _extent(node: ast.expr) -> tuple[int, int]:
    lines = (node.end_lineno or node.lineno) - node.lineno
    return lines, (node.end_col_offset or 0) - node.col_offset if lines == 0 else 0


def _bytes(spot: Spot, line: int, column: int) -> int:
    return len(source.lines_of(spot.path, line)[: column - 1].encode())
