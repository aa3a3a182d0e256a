"""The code that builds the model with its inputs: which expressions give the inputs and `dynamic_shapes`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from onnxdx.fixes.sources.fault import Fault
from onnxdx.fixes.sources.source_file import SourceFile


@dataclass(frozen=True)
class TargetCode:
    """What a target returns, taken apart as far as it is written there; names are followed to what they are set to.

    `scope` holds the statements in which names are looked up: those of the function, or of the file.
    """

    file: SourceFile
    scope: cst.BaseSuite | cst.Module
    returned: cst.CSTNode
    args: cst.BaseExpression | None
    kwargs: cst.BaseExpression | None
    shapes: cst.BaseExpression | None

    def argument(self, fault: Fault, name: str) -> cst.BaseExpression | None:
        """The expression of the input that `forward` calls `name`."""
        parameters = list(_parameters(fault))
        args, kwargs = self.followed(self.args), self.followed(self.kwargs)
        if isinstance(kwargs, cst.Dict):
            for key, value in entries(self.file, kwargs):
                if key == name:
                    return value
        if isinstance(args, (cst.Tuple, cst.List)) and name in parameters:
            index = parameters.index(name)
            return args.elements[index].value if index < len(args.elements) else None
        if args is not None and parameters[:1] == [name] and not isinstance(args, (cst.Tuple, cst.List)):
            return args
        return None

    def followed(self, node: cst.BaseExpression | None) -> cst.BaseExpression | None:
        """What a name is set to, where that happens once; any other expression itself."""
        for _ in range(5):
            if not isinstance(node, cst.Name):
                return node
            node = self.assigned(node.value)
        return node

    def assigned(self, name: str) -> cst.BaseExpression | None:
        """The only value that a name is set to; None when there is none, or several."""
        found: list[cst.BaseExpression] = []
        for scope in (self.scope, self.file.module):
            found = [value for each, value in _assignments(scope) if each == name]
            if found:
                break
        return found[0] if len(found) == 1 else None


def target_code(fault: Fault) -> TargetCode | None:
    """The function of the target; None when it is not written as one that returns what it builds."""
    request = fault.evidence.request
    name = request.target.rpartition(":")[2].rpartition(".")[2]
    file = fault.other_file(request.call_site.path) if request.call_site is not None else None
    if file is None or not name.isidentifier():
        return None
    for function in file.nodes(cst.FunctionDef):
        if function.name.value == name:
            returns = [each for each in _own(function.body) if isinstance(each, cst.Return)]
            if len(returns) == 1 and returns[0].value is not None:
                return _taken_apart(file, function.body, returns[0], returns[0].value)
            return None
    for each, value in _assignments(file.module):
        if each == name:
            return _taken_apart(file, file.module, value, value)
    return None


def _taken_apart(
    file: SourceFile, scope: cst.BaseSuite | cst.Module, returned: cst.CSTNode, value: cst.BaseExpression
) -> TargetCode | None:
    empty = TargetCode(file, scope, returned, None, None, None)
    value = empty.followed(value) or value
    if isinstance(value, cst.Tuple):
        parts: list[cst.BaseExpression | None] = [element.value for element in value.elements]
        parts += [None] * (4 - len(parts))
        return TargetCode(file, scope, returned, parts[1], parts[2], parts[3])
    if isinstance(value, cst.Call) and file.code(value.func).endswith("ExportTarget"):
        order = ("model", "args", "kwargs", "dynamic_shapes")
        named: dict[str, cst.BaseExpression] = {}
        for index, argument in enumerate(value.args):
            key = file.code(argument.keyword) if argument.keyword is not None else order[index] if index < 4 else ""
            named[key] = argument.value
        return TargetCode(file, scope, returned, named.get("args"), named.get("kwargs"), named.get("dynamic_shapes"))
    return None


def entries(file: SourceFile, node: cst.Dict) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Keys as text (those of strings without quotes) and values of a dict display."""
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            key = element.key
            text = key.evaluated_value if isinstance(key, cst.SimpleString) else file.code(key)
            yield str(text), element.value


def parameters_of(fault: Fault) -> list[str]:
    """The parameters of `forward`."""
    return list(_parameters(fault))


def _parameters(fault: Fault) -> Iterator[str]:
    yield from inspect.signature(fault.evidence.request.model.forward).parameters


def _assignments(scope: cst.BaseSuite | cst.Module) -> Iterator[tuple[str, cst.BaseExpression]]:
    for small in _own(scope):
        match small:
            case cst.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _pairs(target.target, value)
            case cst.AnnAssign(target=cst.Name(value=name), value=cst.BaseExpression() as value):
                yield name, value


def _pairs(target: cst.BaseExpression, value: cst.BaseExpression) -> Iterator[tuple[str, cst.BaseExpression]]:
    if isinstance(target, cst.Name):
        yield target.value, value
    elif isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
        for one, two in zip(target.elements, value.elements, strict=False):
            yield from _pairs(one.value, two.value)
    elif isinstance(target, cst.Tuple):
        for element in target.elements:  # set to a part of something, which is no expression
            if isinstance(element.value, cst.Name):
                yield element.value.value, value
                yield element.value.value, value


def _own(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The parts of a scope, without those of functions and classes in it."""
    for child in node.children:
        if not isinstance(child, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            yield child
            yield from _own(child)
