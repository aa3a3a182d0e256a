"""Registry files as text: a function is added, and what the user has written stays as it is, byte for byte.

What is added are insertions only: import statements behind the file's own, `registry` where there is none, and the
function at the end. A name that the file has for something else gets a number; a helper that it has is not added again.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from onnxdx.user_functions.function_block import BUILTINS, Block, FunctionSource, Statement, statements
from onnxdx.user_functions.module_names import Import, bindings, bound, imports_of, imports_of_node, read
from onnxdx_diagnostics import text_file
from onnxdx_diagnostics.edits import edited
from onnxdx_diagnostics.fix import Edit
from onnxdx_diagnostics.text_file import TextFile

__all__ = ["FunctionSource", "NoRegistryText", "RegisteredAlready", "registry_edit", "with_function"]

_HEADER = '"""ONNX functions for operators, as `onnxdx export` reads them."""\n'
_REGISTRY = "registry"
_OURS = "import onnxdx"


class NoRegistryText(ValueError):
    """The text is no Python, or no function can be added to it without changing what is there."""


class RegisteredAlready(ValueError):
    """The registry file has a function for the operator."""


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
    block = Block(function)
    block = block.without(file.helpers(block))
    needed = list(block.imports)
    made = _REGISTRY not in file.bound and not file.has_star
    ours = imports_of(_OURS)[0]
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
        self.bound = frozenset(bound(table))
        self.taken = self.bound | frozenset(read(table)) | BUILTINS
        self.has_star = any(
            isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(self.tree)
        )
        self._bindings = Counter(bindings(self.tree))
        self._imports = {
            found
            for node in self.tree.body
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for found in imports_of_node(node)
        }

    def has(self, wanted: Import) -> bool:
        """Whether a name is bound to what is wanted, and to nothing else."""
        return wanted in self._imports and self._bindings[wanted.name] == 1

    def helpers(self, block: Block) -> list[Statement]:
        """The helpers of a block that the file has as well, and in which every name means the same."""
        known = {statement.helper: ast.dump(statement.node) for statement in statements(self.text)}
        shared = [
            each
            for each in statements(block.code)
            if each.helper and self._bindings[each.helper] == 1 and known.get(each.helper) == ast.dump(each.node)
        ]
        other = {each.name for each in block.imports if not self.has(each)} | (block.builtins & self.bound)
        while True:
            differing = other | (block.defined - {each.helper for each in shared})
            same = [each for each in shared if not each.reads & differing]
            if len(same) == len(shared):
                return same
            shared = same

    def placed(self, block: Block, needed: list[Import]) -> tuple[dict[str, str], list[Import]]:
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
            added.append(Import(wanted.module, wanted.attribute, name))
        for name in sorted(block.defined):
            if name in self.taken:
                names[name] = _free(name, taken)
                taken.add(names[name])
        hidden = sorted(name for name in block.builtins if name in self.bound)
        if hidden:
            wanted = Import("builtins", "", "builtins")
            if not self.has(wanted):
                wanted = Import("builtins", "", "builtins" if "builtins" not in taken else _free("builtins", taken))
                added.append(wanted)
            names |= {name: f"{wanted.name}.{name}" for name in hidden}
        return names, added

    def apart(self, added: list[Import], registry: str, code: str) -> Iterator[tuple[int, int, str]]:
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

    def at_end(self, added: list[Import], registry: str, code: str) -> Iterator[tuple[int, int, str]]:
        """Insertions of everything at the end of the file, statement by statement."""
        line, column = self._last
        first, *others = [statement.text for statement in statements(code)]
        parts = [registry, f"\n\n{first}", *others]
        if added or not self.text.strip():
            imports = sorted(added, key=lambda each: (not each.is_standard, each.order))
            standard = [f"{each}\n" for each in imports if each.is_standard]
            installed = [f"{each}\n" for each in imports if not each.is_standard]
            header = "" if self.text.strip() else _HEADER
            parts = [header, "\n", *standard, "\n" if standard and installed else "", *installed, *parts]
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
