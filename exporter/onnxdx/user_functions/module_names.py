"""Which names a piece of Python binds, reads and imports, as its own compiler sees it; nothing is executed."""

from __future__ import annotations

import ast
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Import:
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


def bound(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a module binds at its own level, also from inside of a function that says `global`."""
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported())
    yield from (child.get_name() for child in table.get_children() if child.get_type() in ("function", "class"))
    for inner in _inside(table):
        for symbol in inner.get_symbols():
            if symbol.is_declared_global() and (symbol.is_assigned() or symbol.is_imported()):
                yield symbol.get_name()


def read(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a module reads at its own level, from wherever in it."""
    yield from (symbol.get_name() for symbol in table.get_symbols())
    yield from (s.get_name() for inner in _inside(table) for s in inner.get_symbols() if s.is_global())


def every_name(table: symtable.SymbolTable) -> Iterator[str]:
    for each in (table, *_inside(table)):
        yield from (symbol.get_name() for symbol in each.get_symbols())


def _inside(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inside(child)


def bindings(tree: ast.Module) -> Iterator[str]:
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


def imports_of(statement: str) -> list[Import]:
    """The names that a statement of a FunctionSource imports. Raises ValueError when it is none of the known forms."""
    (node,) = ast.parse(statement).body
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        raise ValueError(f"{statement!r} imports nothing")
    found = list(imports_of_node(node))
    if len(found) != len(node.names):
        raise ValueError(f"{statement!r} does not bind names of its own")
    return found


def imports_of_node(node: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            if alias.name != "*" and node.level == 0 and node.module != "__future__":
                yield Import(node.module or "", alias.name, alias.asname or alias.name)
        elif alias.asname or "." not in alias.name:
            yield Import(alias.name, "", alias.asname or alias.name)
