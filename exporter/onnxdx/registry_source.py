"""Registry files as text: a function is added, and what the user has written stays as it is, byte for byte.

What is added are insertions only: import statements behind the file's own, `registry` where there is none, and the
function at the end. A name that the file has for something else gets a number.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import Access, Assignment, GlobalScope, MetadataWrapper, ScopeProvider

from onnxdx_diagnostics import text_file
from onnxdx_diagnostics.edits import edited
from onnxdx_diagnostics.fix import Edit
from onnxdx_diagnostics.text_file import TextFile

_HEADER = '"""ONNX functions for operators, as `onnxdx export` reads them."""\n'
_REGISTRY = "registry"
_OURS = "import onnxdx"
_BUILTINS = frozenset(dir(builtins))


class NoRegistryText(ValueError):
    """The text is no Python, or no function can be added to it without changing what is there."""


class RegisteredAlready(ValueError):
    """The registry file has a function for the operator."""


@dataclass(frozen=True)
class FunctionSource:
    """One ONNX function as source text, for a registry file.

    `operator` is its name as it is registered ("mylib::twist", "aten::nanmedian.dim"). `code` is the block as a person
    would write it: `@registry.op("...")` and a function, with helpers before it where there are some. `imports` are the
    statements that the block needs, each of which binds names of its own: `from a import b`, `import a`,
    `import a.b as c`.
    """

    operator: str
    code: str
    imports: tuple[str, ...] = ()
    complex: bool = False


@dataclass(frozen=True)
class _Import:
    """One name that an import statement binds: `import module as name`, or `from module import attribute as name`."""

    module: str
    attribute: str
    name: str

    def __str__(self) -> str:
        if not self.attribute:
            return f"import {self.module}" + (f" as {self.name}" if self.name != self.module else "")
        alias = f" as {self.name}" if self.name != self.attribute else ""
        return f"from {self.module} import {self.attribute}{alias}"

    @property
    def is_standard(self) -> bool:
        """Whether the module is of Python's own library."""
        return self.module.partition(".")[0] in sys.stdlib_module_names

    @property
    def order(self) -> tuple[bool, str]:
        """Imports of modules come first, then those from modules."""
        return (bool(self.attribute), str(self))


def with_function(text: str | None, function: FunctionSource) -> str:
    """The text of a registry file with one function more; `text` is None where there is no file yet.

    Raises NoRegistryText and RegisteredAlready.
    """
    return edited(_edits("", text or "", function), {"": text or ""})[""]


def registry_edit(path: Path, function: FunctionSource) -> tuple[Edit, ...]:
    """The edits that add a function to the registry file at `path`, all insertions; they make it where it is missing.

    Raises NoRegistryText, RegisteredAlready, NotText and OSError.
    """
    found = text_file.read(path)
    return _edits(str(path), found.text if found is not None else "", function)


def _edits(path: str, text: str, function: FunctionSource) -> tuple[Edit, ...]:
    file = _File(text)
    line = file.line_registering(function)
    if line:
        raise RegisteredAlready(f"line {line} has a function for `{function.operator}`")
    block = _Block(function)
    needed = list(block.imports)
    made = _REGISTRY not in file.bound and not file.has_star
    ours = _imports_of(_OURS)[0]
    if made and ours not in needed:
        needed.append(ours)
    names, added = file.placed(block, needed)
    code = block.renamed(names)
    registry = f"\n{_REGISTRY} = {names.get(ours.name, ours.name)}.OnnxRegistry()\n" if made else ""
    for insertions in (file.apart(added, registry, code), file.at_end(added, registry, code)):
        edits = tuple(Edit(path, line, column, line, column, said) for line, column, said in insertions)
        if file.kept_in(edited(edits, {path: text})[path]):
            return edits
    raise NoRegistryText("a function cannot be added to the file without changing what is there")


class _File:
    """A registry file: what it binds and reads, and where something can be added."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.line_end = TextFile(text).line_end
        try:
            self.tree = ast.parse(text)
            table = symtable.symtable(text, "registry", "exec")
        except (SyntaxError, ValueError, RecursionError) as error:
            raise NoRegistryText(f"the file is no Python: {error}") from None
        self.bound = frozenset(_bound(table))
        self.taken = self.bound | frozenset(_read(table)) | _BUILTINS
        self.has_star = any(
            isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(self.tree)
        )
        self._bindings = Counter(_bindings(self.tree))
        self._imports = {
            found
            for node in self.tree.body
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for found in _imports_of_node(node)
        }

    def has(self, wanted: _Import) -> bool:
        """Whether a name is bound to what is wanted, and to nothing else."""
        return wanted in self._imports and self._bindings[wanted.name] == 1

    def placed(self, block: _Block, needed: list[_Import]) -> tuple[dict[str, str], list[_Import]]:
        """The new names of what would clash, and the imports that the file does not have."""
        taken = set(self.taken) | block.names
        names: dict[str, str] = {}
        added = []
        for wanted in needed:
            if self.has(wanted):
                continue
            name = wanted.name
            if name in self.taken:
                name = names[wanted.name] = _free(name, taken)
            taken.add(name)
            added.append(_Import(wanted.module, wanted.attribute, name))
        for name in block.defined:
            if name in self.taken:
                names[name] = _free(name, taken)
                taken.add(names[name])
        hidden = sorted(name for name in block.builtins if name in self.bound)
        if hidden:
            wanted = _Import("builtins", "", "builtins")
            if not self.has(wanted):
                wanted = _Import("builtins", "", "builtins" if "builtins" not in taken else _free("builtins", taken))
                added.append(wanted)
            names |= {name: f"{wanted.name}.{name}" for name in hidden}
        return names, added

    def apart(self, added: list[_Import], registry: str, code: str) -> Iterator[tuple[int, int, str]]:
        """Insertions (line, column, text): imports behind those of the file, the rest at its end."""
        line, before = self._behind_imports()
        if line > self._last[0] or not added:
            yield from self.at_end(added, registry, code)
            return
        imports = [f"{each}\n" for each in sorted(added, key=lambda each: each.order)]
        if before is None:
            imports.append("\n")
        elif _is_docstring(before):
            imports.insert(0, "\n")
        for each in imports:
            yield (line, 1, each.replace("\n", self.line_end))
        yield from self.at_end([], registry, code)

    def at_end(self, added: list[_Import], registry: str, code: str) -> Iterator[tuple[int, int, str]]:
        """Insertions of everything at the end of the file, statement by statement."""
        line, column = self._last
        parts = [registry, f"\n\n{code}"]
        if added or not self.text.strip():
            imports = sorted(added, key=lambda each: (not each.is_standard, each.order))
            standard = [f"{each}\n" for each in imports if each.is_standard]
            others = [f"{each}\n" for each in imports if not each.is_standard]
            header = "" if self.text.strip() else _HEADER
            parts = [header, "\n", *standard, "\n" if standard and others else "", *others, *parts]
        if column > 1:
            parts.insert(0, "\n")
        for part in filter(None, parts):
            yield (line, column, part.replace("\n", self.line_end))

    def kept_in(self, after: str) -> bool:
        """Whether `after` is Python that does first what this file does, but for statements put in between."""
        try:
            statements = iter(ast.dump(node) for node in ast.parse(after).body)
        except (SyntaxError, ValueError, RecursionError):
            return False
        return all(ast.dump(node) in statements for node in self.tree.body)

    def line_registering(self, function: FunctionSource) -> int:
        """The line of `@registry.op(...)` for the same operator and the same kind; 0 when there is none."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="registry"), attr="op"), args=[target]):
                    kinds = [
                        word.value.value
                        for word in node.keywords
                        if word.arg == "complex" and isinstance(word.value, ast.Constant)
                    ]
                    if _operator(target) == _plain(function.operator) and kinds == [True] * function.complex:
                        return node.lineno
        return 0

    @property
    def _last(self) -> tuple[int, int]:
        """The place behind the last character."""
        lines = self.text.split("\n")
        return len(lines), len(lines[-1]) + 1

    def _behind_imports(self) -> tuple[int, ast.stmt | None]:
        """The line before which imports are added, and the statement that they come behind."""
        body = self.tree.body
        leading = 0
        for node in body:
            if not isinstance(node, (ast.Import, ast.ImportFrom)) and not (leading == 0 and _is_docstring(node)):
                break
            leading += 1
        if leading == 0:
            return (_first_line(body[0]) if body else self._last[0] + 1), None
        line = body[leading - 1].end_lineno or 1
        for node in body[leading:]:
            if _first_line(node) <= line:
                line = max(line, node.end_lineno or 1)
        return line + 1, body[leading - 1]


class _Block:
    """The code of a function: the names that it defines, and those that it takes from outside."""

    def __init__(self, function: FunctionSource) -> None:
        self.code = function.code.replace("\r\n", "\n").strip("\n") + "\n"
        self.imports = [each for statement in function.imports for each in _imports_of(statement)]
        table = symtable.symtable(self.code, "function", "exec")
        self.names = frozenset(_every_name(table))
        known = frozenset(_bound(table))
        self.defined = sorted(known)
        self.builtins = (frozenset(_read(table)) - known - {each.name for each in self.imports}) & _BUILTINS

    def renamed(self, names: dict[str, str]) -> str:
        """The code with other names for what it reads or binds at the module's level."""
        if not names:
            return self.code
        wrapper = MetadataWrapper(cst.parse_module(self.code))
        scopes = {scope for scope in wrapper.resolve(ScopeProvider).values() if scope is not None}
        found: dict[cst.CSTNode, cst.BaseExpression] = {}
        for scope in scopes:
            for access in scope.accesses:
                if isinstance(access.node, cst.Name) and access.node.value in names and _is_global(access):
                    found[access.node] = cst.parse_expression(names[access.node.value])
            for assignment in scope.assignments if isinstance(scope, GlobalScope) else ():
                if isinstance(assignment, Assignment) and assignment.name in names:
                    name = getattr(assignment.node, "name", assignment.node)
                    found[name] = cst.Name(names[assignment.name])
        return wrapper.module.visit(_Renaming(found)).code


class _Renaming(cst.CSTTransformer):
    def __init__(self, names: dict[cst.CSTNode, cst.BaseExpression]) -> None:
        super().__init__()
        self._names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        return self._names.get(original_node, updated_node)


def _is_global(access: Access) -> bool:
    """Whether a name is read that no function binds."""
    return all(isinstance(each.scope, GlobalScope) or not isinstance(each, Assignment) for each in access.referents)


def _bound(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a module binds at its own level, also from inside of a function that says `global`."""
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported())
    yield from (child.get_name() for child in table.get_children() if child.get_type() in ("function", "class"))
    for inner in _inside(table):
        for symbol in inner.get_symbols():
            if symbol.is_declared_global() and (symbol.is_assigned() or symbol.is_imported()):
                yield symbol.get_name()


def _read(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a module reads at its own level, from wherever in it."""
    yield from (symbol.get_name() for symbol in table.get_symbols())
    yield from (s.get_name() for inner in _inside(table) for s in inner.get_symbols() if s.is_global())


def _every_name(table: symtable.SymbolTable) -> Iterator[str]:
    for each in (table, *_inside(table)):
        yield from (symbol.get_name() for symbol in each.get_symbols())


def _inside(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inside(child)


def _bindings(tree: ast.Module) -> Iterator[str]:
    """Every name that is bound somewhere, once for each time: too many rather than too few."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case ast.MatchMapping(rest=str(name)):
                yield name
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def _imports_of(statement: str) -> list[_Import]:
    """The names that a statement of a FunctionSource imports. Raises ValueError when it is none of the known forms."""
    (node,) = ast.parse(statement).body
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        raise ValueError(f"{statement!r} imports nothing")
    found = list(_imports_of_node(node))
    if len(found) != len(node.names):
        raise ValueError(f"{statement!r} does not bind names of its own")
    return found


def _imports_of_node(node: ast.Import | ast.ImportFrom) -> Iterator[_Import]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            if alias.name != "*" and node.level == 0 and node.module != "__future__":
                yield _Import(node.module or "", alias.name, alias.asname or alias.name)
        elif alias.asname or "." not in alias.name:
            yield _Import(alias.name, "", alias.asname or alias.name)


def _free(name: str, taken: Iterable[str]) -> str:
    """`name` with the first number that makes it free."""
    known = set(taken)
    number = 2
    while f"{name}_{number}" in known:
        number += 1
    return f"{name}_{number}"


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _operator(target: ast.expr) -> str:
    """The operator that a decorator names: a text, or `torch.ops.aten.relu.default`; empty for anything else."""
    if isinstance(target, ast.Constant) and isinstance(target.value, str):
        return _plain(target.value)
    found = re.fullmatch(r"torch\.ops\.(\w+)\.(\w+)((?:\.\w+)?)", ast.unparse(target))
    return _plain(f"{found[1]}::{found[2]}{found[3]}") if found else ""


def _plain(operator: str) -> str:
    return operator.removesuffix(".default")
