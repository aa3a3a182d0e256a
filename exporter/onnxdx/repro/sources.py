"""The user's own definitions that a piece of code needs, taken out of the user's files as source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType

from onnxdx.repro.literals import NoSource

_BINDS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class _File:
    """One Python file of the user, as the statements at its top."""

    module: ModuleType
    text: str

    @cached_property
    def statements(self) -> list[ast.stmt]:
        return list(_flat(ast.parse(self.text).body))

    @cached_property
    def bound(self) -> dict[str, list[int]]:
        """Which statements give a name its value."""
        found: dict[str, list[int]] = {}
        for index, statement in enumerate(self.statements):
            for name in _names_bound(statement):
                found.setdefault(name, []).append(index)
        return found

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """What `from a import b as c` says of "c": ("a", "b"); of `import a as c`: ("a", "")."""
        found = {}
        for statement in self.statements:
            if isinstance(statement, ast.ImportFrom):
                source = self._absolute(statement)
                found.update({alias.asname or alias.name: (source, alias.name) for alias in statement.names})
            if isinstance(statement, ast.Import):
                found.update({(a.asname or a.name.partition(".")[0]): (a.name, "") for a in statement.names})
        return found

    def _absolute(self, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        package = (self.module.__package__ or "").split(".")
        kept = package[: len(package) - statement.level + 1]
        return ".".join([*kept, *filter(None, [statement.module])])

    def source(self, index: int) -> str:
        statement = self.statements[index]
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(each.lineno for each in decorators)])
        rows = self.text.splitlines()[first - 1 : statement.end_lineno]
        return "\n".join(rows)


@dataclass
class Sources:
    """Collects definitions; `is_user` tells which files are the user's.

    What is taken is all that the names lead to, in the order in which it stands, with the statements that register
    something for it. Raises NoSource for what cannot be taken out of its file.
    """

    is_user: Callable[[str], bool]
    _files: dict[str, _File] = field(default_factory=dict)
    _taken: dict[tuple[str, int], None] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    _imports: dict[str, None] = field(default_factory=dict)
    _needed: dict[str, dict[str, None]] = field(default_factory=dict)
    """The modules whose definitions the definitions of a module use."""

    def take(self, kind: type | Callable[..., object]) -> str:
        """Take a class or function of the user's; the expression that names it in the code."""
        path = kind.__qualname__
        if "<" in path:
            raise NoSource(f"`{path}`, which is defined inside of a function")
        self._take(kind.__module__, path.partition(".")[0])
        return path

    def is_users(self, kind: object) -> bool:
        """Whether a class or function is defined in the user's own code."""
        module = sys.modules.get(getattr(kind, "__module__", None) or "")
        return bool(module and getattr(module, "__file__", None) and self.is_user(str(module.__file__)))

    def take_operators(self, namespace: str) -> None:
        """Take what defines the custom operators of a namespace."""
        for module in list(sys.modules.values()):
            path = str(getattr(module, "__file__", None) or "")
            if not path.endswith(".py") or not self.is_user(path) or not Path(path).is_file():
                continue
            file = self._file(module)
            for index, statement in enumerate(file.statements):
                named = (text.partition("::")[0] == namespace for text in _strings_on_top(statement))
                if any(named):
                    self._take_statement(file, index)

    @property
    def imports(self) -> tuple[str, ...]:
        """The import statements that the definitions need."""
        return tuple(self._imports)

    def code(self) -> str:
        """The definitions that were taken, in their order: those of a module behind those that they use."""
        ordered: dict[str, None] = {}
        for name in self._files:
            self._order(name, ordered, set())
        blocks = [
            self._files[name].source(index)
            for name in ordered
            for index in sorted(index for owner, index in self._taken if owner == name)
        ]
        return "\n\n\n".join(blocks)

    def _order(self, name: str, ordered: dict[str, None], begun: set[str]) -> None:
        if name in ordered or name in begun or name not in self._files:
            return
        begun.add(name)
        for other in self._needed.get(name, ()):
            self._order(other, ordered, begun)
        ordered[name] = None

    def _file(self, module: ModuleType) -> _File:
        name = module.__name__
        if name not in self._files:
            self._files[name] = _File(module, Path(str(module.__file__)).read_text(encoding="utf-8"))
        return self._files[name]

    def _take(self, module_name: str, name: str) -> None:
        module = sys.modules.get(module_name)
        if module is None or not getattr(module, "__file__", None):
            raise NoSource(f"`{module_name}.{name}`, whose file is not known")
        file = self._file(module)
        if name in file.imports:
            self._take_import(file, name)
            return
        if name not in file.bound:
            raise NoSource(f"`{name}`, which `{module_name}` does not define at its top")
        for index in file.bound[name]:
            self._take_statement(file, index)

    def _take_statement(self, file: _File, index: int) -> None:
        key = (file.module.__name__, index)
        if key in self._taken:
            return
        statement = file.statements[index]
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            return
        self._taken[key] = None
        for name in _names_bound(statement):
            owner = self._owners.setdefault(name, file.module.__name__)
            if owner != file.module.__name__:
                raise NoSource(f"two definitions of `{name}`")
            self._take_registrations(file, name)
        for name in dict.fromkeys(_names_read(statement)):
            self._take_name(file, name)
        for namespace in dict.fromkeys(_operator_namespaces(statement)):
            self.take_operators(namespace)

    def _take_name(self, file: _File, name: str) -> None:
        if name in file.imports:
            self._take_import(file, name)
        elif name in file.bound:
            for index in file.bound[name]:
                self._take_statement(file, index)

    def _take_import(self, file: _File, name: str) -> None:
        source, wanted = file.imports[name]
        module = sys.modules.get(source)
        inner = sys.modules.get(f"{source}.{wanted}") if wanted else module
        path = getattr(inner or module, "__file__", None)
        if not path or not self.is_user(str(path)):
            text = f"from {source} import {wanted}" if wanted else f"import {source}"
            bound = wanted or source.partition(".")[0]
            self._imports[text if name in (bound, source) else f"{text} as {name}"] = None
            return
        if inner is not None or wanted == "*":
            raise NoSource(f"the module `{source}`, which is used as a whole")
        if wanted != name:
            raise NoSource(f"`{wanted}`, which is imported under another name")
        self._needed.setdefault(file.module.__name__, {})[source] = None
        self._take(source, wanted)

    def _take_registrations(self, file: _File, name: str) -> None:
        """Take what is said of a definition elsewhere in its file: `@name.register_fake`, `register(name, ...)`."""
        for index, statement in enumerate(file.statements):
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                said = [_root(each) for each in statement.decorator_list]
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                call = statement.value
                said = [_root(call.func), *(_root(argument) for argument in call.args)]
            else:
                continue
            if name in said:
                self._take_statement(file, index)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements at the top; the script part of a file is none of its definitions."""
    for statement in body:
        if isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test):
            continue
        yield statement


def _names_bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, _BINDS):
        yield statement.name
        return
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, _BINDS):
            yield node.name


def _names_read(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value  # annotations are written as strings, too


def _strings_on_top(statement: ast.stmt) -> Iterator[str]:
    """The texts that a statement gives to what it calls; not those in the body of a function."""
    parts: list[ast.AST] = [*statement.decorator_list] if isinstance(statement, _BINDS) else [statement]
    for node in (inner for part in parts for inner in ast.walk(part)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _operator_namespaces(statement: ast.stmt) -> Iterator[str]:
    """The `mylib` of `torch.ops.mylib.twist`."""
    for node in ast.walk(statement):
        if not isinstance(node, ast.Attribute) or node.attr in ("aten", "prim", "prims", "higher_order"):
            continue
        if isinstance(node.value, ast.Attribute) and node.value.attr == "ops" and _root(node) == "torch":
            yield node.attr


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
