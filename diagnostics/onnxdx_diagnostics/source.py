"""Regions of Python source: from a line and the name of an operator to the expression that called it."""

from __future__ import annotations

import ast
import io
import linecache
import os
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from onnxdx_diagnostics.finding import Location

# A call over more lines than this is shown by its first line only: hosts hide an alert that leaves the diff.
LONGEST_REGION = 10

_OPERATORS: dict[type[ast.AST], frozenset[str]] = {
    ast.Add: frozenset({"add", "iadd", "radd"}),
    ast.Sub: frozenset({"sub", "subtract", "isub", "rsub"}),
    ast.Mult: frozenset({"mul", "multiply", "imul", "rmul"}),
    ast.Div: frozenset({"div", "divide", "true_divide", "truediv", "itruediv", "reciprocal"}),
    ast.FloorDiv: frozenset({"floor_divide", "floordiv", "div", "floor"}),
    ast.Mod: frozenset({"remainder", "fmod", "mod"}),
    ast.Pow: frozenset({"pow", "float_power", "square"}),
    ast.MatMult: frozenset({"matmul", "mm", "bmm", "mv", "dot", "addmm"}),
    ast.BitAnd: frozenset({"bitwise_and", "and", "logical_and", "iand"}),
    ast.BitOr: frozenset({"bitwise_or", "or", "logical_or", "ior"}),
    ast.BitXor: frozenset({"bitwise_xor", "xor", "logical_xor", "ixor"}),
    ast.LShift: frozenset({"bitwise_left_shift", "lshift"}),
    ast.RShift: frozenset({"bitwise_right_shift", "rshift"}),
    ast.USub: frozenset({"neg", "negative"}),
    ast.UAdd: frozenset({"pos", "positive"}),
    ast.Invert: frozenset({"bitwise_not", "logical_not", "invert"}),
    ast.Not: frozenset({"not", "bool", "is_nonzero", "item", "local_scalar_dense", "guard"}),
    ast.Eq: frozenset({"eq", "equal"}),
    ast.NotEq: frozenset({"ne", "not_equal"}),
    ast.Lt: frozenset({"lt", "less"}),
    ast.LtE: frozenset({"le", "less_equal"}),
    ast.Gt: frozenset({"gt", "greater"}),
    ast.GtE: frozenset({"ge", "greater_equal"}),
    ast.In: frozenset({"contains"}),
    ast.NotIn: frozenset({"contains"}),
}
_READS = frozenset(
    {"getitem", "select", "slice", "index", "unsqueeze", "gather", "sym_size", "masked_select", "nonzero"}
)
_WRITES = frozenset(
    {
        "setitem",
        "index_put",
        "copy",
        "fill",
        "masked_fill",
        "select_scatter",
        "slice_scatter",
        "index_copy",
        "lift_fresh_copy",
    }
)
_CONDITIONS = frozenset({"if", "bool", "is_nonzero", "item", "local_scalar_dense", "guard"})
_CONVERSIONS = frozenset(
    {"to", "float", "double", "half", "bfloat16", "int", "long", "short", "bool", "type", "type_as", "cuda", "cpu"}
)
_VIEWS = frozenset({"view", "reshape", "flatten", "unflatten", "view_as", "reshape_as", "ravel"})
_SCALARS = frozenset({"item", "tolist", "int", "float", "bool", "range", "index"})

# ATen names whose usual spelling in Python is another one.
_SPELLINGS: dict[str, frozenset[str]] = {
    "addmm": frozenset({"linear"}),
    "mm": frozenset({"matmul", "linear"}),
    "bmm": frozenset({"matmul"}),
    "convolution": frozenset({"conv1d", "conv2d", "conv3d", "conv"}),
    "native_layer_norm": frozenset({"layer_norm"}),
    "native_batch_norm": frozenset({"batch_norm"}),
    "native_group_norm": frozenset({"group_norm"}),
    "native_dropout": frozenset({"dropout"}),
    "to_copy": _CONVERSIONS,
    "to": _CONVERSIONS,
    "convert_element_type": _CONVERSIONS,
    "type_as": _CONVERSIONS,
    "view": _VIEWS,
    "unsafe_view": _VIEWS | {"matmul"},
    "reshape": _VIEWS,
    "t": frozenset({"T", "mT", "t"}),
    "transpose": frozenset({"T", "mT", "swapaxes"}),
    "permute": frozenset({"T", "mT"}),
    "numpy_T": frozenset({"T"}),
    "cat": frozenset({"concat", "concatenate", "hstack", "vstack"}),
    "local_scalar_dense": _SCALARS,
    "item": _SCALARS,
    "is_nonzero": frozenset({"bool"}),
    "sym_size": frozenset({"shape", "size", "len"}),
    "nonzero": frozenset({"where", "argwhere"}),
    "i1": frozenset({"i1"}),
    "special_i1": frozenset({"i1"}),
    "constant_pad_nd": frozenset({"pad"}),
    "upsample_nearest2d": frozenset({"interpolate"}),
    "upsample_bilinear2d": frozenset({"interpolate"}),
    "upsample_bicubic2d": frozenset({"interpolate"}),
    "grid_sampler_2d": frozenset({"grid_sample"}),
    "grid_sampler_3d": frozenset({"grid_sample"}),
    "grid_sampler": frozenset({"grid_sample"}),
    "argmax": frozenset({"max"}),
    "amax": frozenset({"max"}),
    "amin": frozenset({"min"}),
    "lift_fresh_copy": frozenset({"tensor", "as_tensor"}),
    "lift_fresh": frozenset({"tensor", "as_tensor"}),
}
_NAMESPACES = frozenset({"aten", "prims", "prim", "operator", "_operator", "builtins", "math", "higher_order"})

_HAS_REGION = (ast.expr, ast.stmt)


@dataclass(frozen=True)
class _Source:
    """One file: its lines without line ends, the nodes of its syntax tree by the lines they touch, imported names."""

    lines: tuple[str, ...]
    nodes: dict[int, list[ast.expr | ast.stmt]] = field(default_factory=dict)
    imported: frozenset[str] = frozenset()


def region(path: str, line: int, hint: str = "") -> Location:
    """The smallest sensible region on `line` (1-based) of the file `path` for the operator named by `hint`.

    `hint` is an operator ("aten.sum.dim_IntList", "mylib::twist", "getitem") or "if" for the test of a branch. With a
    match this is the innermost expression that calls or spells the operator; without, the statement on that line.
    Never raises: a file that cannot be read gives a bare location, one that does not parse gives the whole line.
    """
    source = _source(path)
    if not 1 <= line <= len(source.lines):
        return Location(path, max(line, 1))
    nodes = source.nodes.get(line, [])
    found = _operation(nodes, line, names_of(hint)) if hint else None
    span = _call_span(found, line) if found else _statement_span(source, nodes, line)
    return _location(path, source, span)


def lines_of(path: str, line: int, end_line: int = 0) -> str:
    """The text of the lines `line..end_line` (1-based, inclusive) of `path`; empty when they cannot be read."""
    return "\n".join(_source(path).lines[max(line, 1) - 1 : max(end_line, line)])


def definition(path: str, name: str) -> int | None:
    """The line of the top-level `def`, `class` or assignment of `name` in `path`, if there is one."""
    for nodes in _source(path).nodes.values():
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
                return node.lineno
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                return node.lineno
    return None


def attribute_assignment(path: str, class_name: str, attribute: str) -> int | None:
    """The line on which a method of a class, `__init__` apart, assigns `self.<attribute>`."""
    for nodes in _source(path).nodes.values():
        for owner in nodes:
            if not isinstance(owner, ast.ClassDef) or owner.name != class_name:
                continue
            methods = (m for m in owner.body if isinstance(m, ast.FunctionDef) and m.name != "__init__")
            for statement in (step for method in methods for step in ast.walk(method)):
                targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
                parts = [part for target in targets if target is not None for part in _assigned_parts(target)]
                if any(isinstance(part, ast.Attribute) and part.attr == attribute for part in parts):
                    return int(statement.lineno)  # type: ignore[attr-defined]
    return None


def _assigned_parts(target: ast.expr) -> Iterator[ast.expr]:
    """What an assignment sets: `self.a` and `b` of `(self.a, [*b]) = ...`."""
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _assigned_parts(part)
        case ast.Starred(value=part):
            yield from _assigned_parts(part)
        case _:
            yield target


def operands(place: Location) -> tuple[str, ...]:
    """The operands of the call or operator that stands exactly at `place`, as they are written, literals left out.

    They are in the order in which the torch operator takes them. Empty when the source leaves that open: several
    operands of a function that is neither torch's nor a method, several keywords, a comprehension.
    """
    source = _source(place.path)
    node = _exactly_at(source, place)
    found = _operands_of(node, source.imported) if node is not None else None
    return tuple(dict.fromkeys(_written(source, each) for each in found or ()))


def reads(path: str, line: int, end_line: int = 0) -> tuple[tuple[str, ...], ...]:
    """The variables that the code on these lines reads, in their order: `self.f(x)` reads ("self", "f") and ("x",)."""
    source = _source(path)
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    inside: set[int] = set()
    for number in range(line, max(line, end_line) + 1):
        for node in source.nodes.get(number, []):
            if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in inside and node.lineno == number:
                chain = _chain(node, inside)
                if chain and isinstance(node.ctx, ast.Load):
                    found.setdefault(chain, (node.lineno, node.col_offset))
    return tuple(sorted(found, key=lambda chain: found[chain]))


def assigned_to(place: Location) -> str:
    """The variable that the expression exactly at `place` is assigned to; empty when it is to none, or to several."""
    source = _source(place.path)
    value = _exactly_at(source, place)
    for node in source.nodes.get(place.line, []):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=assigned) if assigned is value:
                return name
    return ""


def names_read(place: Location) -> frozenset[str]:
    """The variables that the expression exactly at `place` reads."""
    node = _exactly_at(_source(place.path), place)
    return frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name)) if node else frozenset()


def names_of(hint: str) -> frozenset[str]:
    """The bare operator names that `hint` can mean: "aten::add_.Tensor" is "add", "mylib.twist" may be either."""
    quoted = re.search(r"function (\w+)", hint)
    parts = re.split(r"\.|::", quoted.group(1) if quoted else hint)
    if parts[0] == "torch" and "ops" not in parts:
        parts = parts[-1:]
    parts = [part for part in parts if part not in ("torch", "ops", "default")]
    if len(parts) > 1 and (parts[0] in _NAMESPACES or "::" in hint or len(parts) > 2):
        parts = parts[1:2]
    return frozenset(filter(None, map(_bare, parts)))


def _bare(name: str) -> str:
    """A name without FX counter ("add_1"), mark of the in-place variant ("add_") or of a private one ("_softmax")."""
    return re.sub(r"_\d+$", "", name).strip("_")


def read_as(texts: Mapping[str, str]) -> None:
    """From now on these files are what `texts` says, here and in `linecache`, whatever stands on disk."""
    _OTHER_TEXTS.update(texts)
    for path, text in texts.items():
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)


_OTHER_TEXTS: dict[str, str] = {}


def _source(path: str) -> _Source:
    if path in _OTHER_TEXTS:
        return _parsed(_OTHER_TEXTS[path])
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return _parsed("".join(_remembered(path)))
    return _read(path, stat.st_mtime_ns, stat.st_size)


def _remembered(path: str) -> list[str]:
    """The lines of a source that is no file (a notebook cell), where linecache knows them."""
    try:
        return linecache.getlines(path)
    except Exception:  # a hostile `__loader__` or an undecodable name must not cost the finding
        return []


@lru_cache(maxsize=128)
def _read(path: str, modified: int, size: int) -> _Source:
    try:
        with open(path, "rb") as stream:
            content = stream.read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return _parsed(content.decode(encoding, "replace"))
    except (OSError, SyntaxError, LookupError):
        return _Source(())


@lru_cache(maxsize=128)
def _parsed(text: str) -> _Source:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"))
    if not text:
        return _Source(())
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _Source(lines)
    imports = (node.names for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    names = frozenset((name.asname or name.name).split(".")[0] for group in imports for name in group)
    source = _Source(lines, imported=names)
    for node in ast.walk(tree):
        if isinstance(node, _HAS_REGION):
            for line in _lines_touched(node):
                source.nodes.setdefault(line, []).append(node)
    return source


def _lines_touched(node: ast.expr | ast.stmt) -> range:
    """The lines a node can be found by. A compound statement only by its header, so that long files stay small."""
    body = getattr(node, "body", None)
    if isinstance(node, ast.stmt) and isinstance(body, list) and body:
        return range(node.lineno, max(node.lineno, body[0].lineno - 1) + 1)
    return range(node.lineno, _end_line(node) + 1)


def _end_line(node: ast.expr | ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _exactly_at(source: _Source, place: Location) -> ast.expr | None:
    """The outermost expression of exactly this region."""
    for node in source.nodes.get(place.line, []):
        if isinstance(node, ast.expr) and (node.lineno, _end_line(node)) == (place.line, place.end_line):
            start, end = node.col_offset, node.end_col_offset or 0
            columns = _column(source.lines[place.line - 1], start), _column(source.lines[place.end_line - 1], end)
            if columns == (place.column, place.end_column):
                return node
    return None


def _written(source: _Source, node: ast.expr) -> str:
    """An expression as it is written, on one line."""
    rows = [line.encode() for line in source.lines[node.lineno - 1 : _end_line(node)]]
    rows[-1] = rows[-1][: node.end_col_offset]
    rows[0] = rows[0][node.col_offset :]
    return " ".join(b" ".join(rows).decode("utf-8", "replace").split())


def _operands_of(node: ast.expr, imported: frozenset[str]) -> list[ast.expr] | None:
    """What an expression computes with, without its literals; None when it is not sure what is an operand of what."""
    match node:
        case ast.BinOp(left=left, right=right):
            return _plain([left, right])
        case ast.Compare(left=left, comparators=[right]):
            return _plain([left, right])
        case ast.UnaryOp(operand=operand):
            return _plain([operand])
        case ast.Subscript(value=value, slice=ast.Tuple(elts=indices)):
            return _plain([value, *indices])
        case ast.Subscript(value=value, slice=index):
            return _plain([value, index])
        case ast.Call(func=function, args=args, keywords=keywords) if len(keywords) <= 1:
            given = _plain([*args, *(keyword.value for keyword in keywords)])
            receiver = function.value if isinstance(function, ast.Attribute) else None
            if given is None or (receiver is None and len(given) > 1):
                return None
            root = _root(receiver) if receiver is not None else ""
            if receiver is None or root in imported or _is_self(receiver):
                return given if root == "torch" or len(given) == 1 else None
            # `self.norm(x)` and `self.scale.mul(x)` look alike
            return None if given and root == "self" else [receiver, *given]
    return None


def _plain(given: list[ast.expr]) -> list[ast.expr] | None:
    """The expressions without literals, those in lists and tuples one by one; None when one is of another kind."""
    found: list[ast.expr] = []
    for each in given:
        match each:
            case ast.Constant() | ast.UnaryOp(operand=ast.Constant()) | ast.Slice(lower=None, upper=None, step=None):
                continue
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                inner = _plain(elements)
                if inner is None:
                    return None
                found += inner
            case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call() | ast.BinOp() | ast.Compare():
                found.append(each)
            case _:
                return None
    return found


def _chain(node: ast.expr, inside: set[int]) -> tuple[str, ...]:
    """The names of `a.b.c`; empty when it does not start with a name. Its parts are added to `inside`."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
        inside.add(id(node))
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()


def _root(node: ast.expr) -> str:
    """`torch` of `torch.linalg.norm`, and nothing for what does not start with a name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _operation(nodes: list[ast.expr | ast.stmt], line: int, names: frozenset[str]) -> ast.expr | ast.stmt | None:
    """The innermost node on `line` that calls one of `names`; failing that, one that spells it in another way."""
    spelled = names.union(*(_SPELLINGS.get(name, frozenset()) for name in names))
    ways: tuple[Callable[[ast.AST], bool], ...] = (
        lambda node: _calls(node, names),
        lambda node: _spells(node, names) or _reads_attribute(node, names),
        lambda node: _calls(node, spelled) or _reads_attribute(node, spelled),
        lambda node: _indexes(node, names),
    )
    for matches in ways:
        found = [node for node in nodes if matches(node)]
        if found:
            return min(found, key=lambda node: (not _acts_on(node, line), *_size(node)))
    tests = list(_tests(nodes)) if names & _CONDITIONS else []
    return tests[0] if tests else None


def _calls(node: ast.AST, names: frozenset[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in names or _bare(name) in names
    return False


def _spells(node: ast.AST, names: frozenset[str]) -> bool:
    match node:
        case ast.UnaryOp(operand=ast.Constant()):
            return False
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) | ast.UnaryOp(op=operator):
            return bool(names & _OPERATORS.get(type(operator), frozenset()))
        case ast.Compare(ops=operators):
            return any(names & _OPERATORS.get(type(operator), frozenset()) for operator in operators)
    return False


def _reads_attribute(node: ast.AST, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in names & {"T", "mT", "shape"}


def _indexes(node: ast.AST, names: frozenset[str]) -> bool:
    if not isinstance(node, ast.Subscript):
        return False
    return bool(names & (_READS if isinstance(node.ctx, ast.Load) else _WRITES))


def _tests(nodes: list[ast.expr | ast.stmt]) -> Iterator[ast.expr]:
    for node in nodes:
        if isinstance(node, (ast.If, ast.While, ast.Assert, ast.IfExp)):
            yield node.test


def _acts_on(node: ast.expr | ast.stmt, line: int) -> bool:
    """Whether Python would blame `line` for this node: it starts there, or the name it calls stands there."""
    return node.lineno == line or (isinstance(node, ast.Call) and _end_line(node.func) == line)


def _size(node: ast.expr | ast.stmt) -> tuple[int, int, int]:
    end = node.end_col_offset or 0
    return (_end_line(node) - node.lineno, end - node.col_offset, node.col_offset)


# A span is (line, column, end line, end column), all 1-based but the columns: those are UTF-8 byte offsets as in ast.
_Span = tuple[int, int, int, int]


def _call_span(node: ast.expr | ast.stmt, line: int) -> _Span:
    end_line, end = _end_line(node), node.end_col_offset or 0
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.lineno < line:
        # A chain of methods over several lines: the region is this link, not the chain before it.
        link = _end_line(node.func)
        return (link, (node.func.end_col_offset or 0) - len(node.func.attr.encode()), end_line, end)
    return (node.lineno, node.col_offset, end_line, end)


def _statement_span(source: _Source, nodes: list[ast.expr | ast.stmt], line: int) -> _Span:
    text = source.lines[line - 1]
    whole = (line, len(text) - len(text.lstrip()), line, len(text.rstrip().encode()))
    starting = [node for node in nodes if isinstance(node, ast.stmt) and node.lineno == line]
    if len(starting) != 1 or _end_line(starting[0]) != line:
        return whole
    return (line, starting[0].col_offset, line, starting[0].end_col_offset or whole[3])


def _location(path: str, source: _Source, span: _Span) -> Location:
    line, start, end_line, end = span
    if end_line - line >= LONGEST_REGION:
        end_line, end = line, len(source.lines[line - 1].rstrip().encode())
    lines = source.lines[line - 1 : end_line]
    return Location(path, line, _column(lines[0], start), end_line, _column(lines[-1], end), "\n".join(lines))


def _column(text: str, offset: int) -> int:
    """The 1-based column in code points of a UTF-8 byte offset."""
    return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1
