"""One ONNX function as source text: what it defines, what it needs, and the same under other names."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import libcst as cst
from libcst.metadata import Access, Assignment, GlobalScope, MetadataWrapper, ScopeProvider

from onnxdx.user_functions.module_names import bound, every_name, imports_of, read

BUILTINS = frozenset(dir(builtins))


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
class Statement:
    """A statement of a module: its text with the comments and empty lines before it, and what Python makes of it."""

    text: str
    node: ast.stmt

    @property
    def helper(self) -> str:
        """The one name that the statement binds and does nothing besides; empty when it does more."""
        match self.node:
            case ast.FunctionDef(name=name, decorator_list=[]):
                return name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                return name
        return ""

    @property
    def reads(self) -> frozenset[str]:
        """The names that it takes from the module, and some that it does not."""
        return frozenset(each.id for each in ast.walk(self.node) if isinstance(each, ast.Name))


def statements(code: str) -> Iterator[Statement]:
    """The statements of a module, whose texts are the whole of it; those that share a line are one."""
    lines, done = code.split("\n"), 0
    body = ast.parse(code).body
    for index, node in enumerate(body, 1):
        end = node.end_lineno or node.lineno
        if index == len(body):
            yield Statement("\n".join(lines[done:]), node)
        elif body[index].lineno > end:
            yield Statement("".join(f"{line}\n" for line in lines[done:end]), node)
            done = end


class Block:
    """The code of a function: the names that it defines, and those that it takes from outside."""

    def __init__(self, function: FunctionSource) -> None:
        self.function = function
        self.code = function.code.replace("\r\n", "\n").strip("\n") + "\n"
        table = symtable.symtable(self.code, "function", "exec")
        self.names = frozenset(every_name(table))
        self.defined = frozenset(bound(table))
        reads = frozenset(read(table))
        self.imports = [each for statement in function.imports for each in imports_of(statement) if each.name in reads]
        self.builtins = (reads - self.defined - {each.name for each in self.imports}) & BUILTINS

    def without(self, helpers: Iterable[Statement]) -> Block:
        """The block without statements that the file has."""
        dropped = {helper.text for helper in helpers}
        kept = [statement.text for statement in statements(self.code) if statement.text not in dropped]
        return Block(replace(self.function, code="".join(kept)))

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
