"""Which names a piece of code reads and writes, and how it leaves its block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from onnxdx.fixes.sources.source_file import SourceFile, descendants

_LEAVING = (cst.Return, cst.Raise, cst.Break, cst.Continue, cst.Yield, cst.Await)
_SCOPES = (cst.FunctionDef, cst.Lambda, cst.ClassDef)


def reads(nodes: Iterable[cst.CSTNode]) -> list[str]:
    """The names that are read before or without being written there, in their order; no attributes, no keywords."""
    found = _Names()
    for node in nodes:
        node.visit(found)
    return list(dict.fromkeys(found.read))


def writes(nodes: Iterable[cst.CSTNode]) -> list[str]:
    """The names that are assigned, in their order."""
    found = _Names()
    for node in nodes:
        node.visit(found)
    return list(dict.fromkeys(found.written))


def leaves(nodes: Iterable[cst.CSTNode]) -> bool:
    """Whether the code returns, raises, breaks, continues, yields or awaits, functions in it left out."""
    return any(_leaves(node) for node in nodes)


def returns(nodes: Iterable[cst.CSTNode]) -> Iterator[cst.Return]:
    """The `return` statements, those of functions in it left out."""
    for node in nodes:
        if isinstance(node, cst.Return):
            yield node
        elif not isinstance(node, _SCOPES):
            yield from returns(node.children)


def bound_around(file: SourceFile, node: cst.CSTNode) -> Iterator[str]:
    """The names that comprehensions and lambdas around the node give a value to, each time that the node is reached."""
    inside = node
    for parent in file.parents(node):
        if isinstance(parent, cst.BaseStatement):
            return
        if isinstance(parent, cst.Lambda) and inside is parent.body:
            yield from _parameters(parent.params)
        if isinstance(parent, cst.BaseComp) and inside is not parent.for_in:
            yield from targets_of(parent)
        inside = parent


def _parameters(parameters: cst.Parameters) -> Iterator[str]:
    for each in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        yield each.name.value


def targets_of(comprehension: cst.BaseComp) -> Iterator[str]:
    """The names that a comprehension gives values to."""
    clause: cst.CompFor | None = comprehension.for_in
    while clause is not None:
        yield from (each.value for each in descendants(clause.target) if isinstance(each, cst.Name))
        clause = clause.inner_for_in


def _leaves(node: cst.CSTNode) -> bool:
    if isinstance(node, _SCOPES):
        return False
    return isinstance(node, _LEAVING) or any(_leaves(child) for child in node.children)


class _Names(cst.CSTVisitor):
    """Follows the order of evaluation as far as assignments go: the value first, then the target."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.written: list[str] = []
        self._sure: set[str] = set()
        self._inner: list[set[str]] = []

    def visit_Name(self, node: cst.Name) -> None:
        if node.value not in self._sure and not any(node.value in names for names in self._inner):
            self.read.append(node.value)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def visit_Assign(self, node: cst.Assign) -> bool:
        node.value.visit(self)
        for target in node.targets:
            self._assign(target.target)
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        if node.value is not None:
            node.value.visit(self)
            self._assign(node.target)
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:
        node.target.visit(self)
        node.value.visit(self)
        self._assign(node.target)
        return False

    def visit_NamedExpr(self, node: cst.NamedExpr) -> bool:
        node.value.visit(self)
        self._assign(node.target)
        return False

    def visit_If(self, node: cst.If) -> bool:
        node.test.visit(self)
        before = set(self._sure)
        node.body.visit(self)
        after, self._sure = self._sure, set(before)
        if node.orelse is not None:
            node.orelse.visit(self)
        self._sure &= after
        return False

    def visit_For(self, node: cst.For) -> bool:
        node.iter.visit(self)
        before = set(self._sure)
        self._assign(node.target)
        node.body.visit(self)
        self._sure = before
        if node.orelse is not None:
            node.orelse.visit(self)
        return False

    def visit_While(self, node: cst.While) -> bool:
        node.test.visit(self)
        before = set(self._sure)
        node.body.visit(self)
        self._sure = before
        return False

    def visit_CompFor(self, node: cst.CompFor) -> bool:
        node.iter.visit(self)
        return True

    def visit_ListComp(self, node: cst.ListComp) -> bool:
        return self._comprehension(node)

    def visit_SetComp(self, node: cst.SetComp) -> bool:
        return self._comprehension(node)

    def visit_DictComp(self, node: cst.DictComp) -> bool:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> bool:
        return self._comprehension(node)

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        self._inner.append(set(_parameters(node.params)))
        node.body.visit(self)
        self._inner.pop()
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self._inner.append(set(_parameters(node.params)))
        before, sure = len(self.written), set(self._sure)
        node.body.visit(self)
        del self.written[before:]
        self._sure = sure
        self._inner.pop()
        self._assign(node.name)
        return False

    def visit_With(self, node: cst.With) -> bool:
        for item in node.items:
            item.item.visit(self)
            if item.asname is not None:
                self._assign(item.asname.name)
        node.body.visit(self)
        return False

    def _comprehension(self, node: cst.BaseComp) -> bool:
        self._inner.append(set(targets_of(node)))
        for child in node.children:
            child.visit(self)
        self._inner.pop()
        return False

    def _assign(self, target: cst.CSTNode) -> None:
        if isinstance(target, cst.Name):
            self.written.append(target.value)
            self._sure.add(target.value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._assign(element.value)
        elif isinstance(target, cst.StarredElement):
            self._assign(target.value)
        else:
            target.visit(self)
