"""Calls of modules and operators as ONNX functions: one for all equal bodies, called with the weights of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import onnx_ir as ir
from torch import fx

from onnxdx.bodies import body_key
from onnxdx.compat import OpOverload, schema
from onnxdx.naming import base_name, function_domain, function_name, operator_domain, operator_name
from onnxdx.tracing import Scope, SymbolicTensor
from onnxdx.translation import Translation, Values
from onnxdx.values import MODULE_KEY, OPERATOR_KEY, PROVENANCE_KEY, Origin, Region
from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.rules.dx404_body_not_separable import BodyNotSeparable
from onnxdx_diagnostics.sink import Collector


def call_function(t: Translation, region: Region) -> None:
    """Translate a region as an ONNX function, shared with every equal one, and call it.

    A region that can only be translated where the values around it are known is translated there, without a function.
    """
    if id(region) in t.flat:
        _translate_flat(t, region)
        return
    members = set(region.nodes())
    inputs = [node for node in _inputs_of(region) if node not in members]
    outputs = [node for node in region.nodes() if any(user not in members for user in node.users)]
    given, formal, inner = _formal_inputs(t, inputs, region)
    scope, placeholders = Scope(in_function=True), set(t.placeholders)
    trial = Collector()
    with t.apart(inner, trial):
        for value in formal:
            value.name = t.names.unique(value.name or "input")
        with t.tracer.inside(scope):
            for item in region.items:
                t.item(item)
            results = {node: t.values[node] for node in outputs}
            returned = [value for node in outputs for value in _flat(results[node])]
            owners = [node for node in outputs for _ in _flat(results[node])]
            body = _function_graph(t, formal, returned, owners, scope) if returned else None
    errors = [finding for finding in trial.findings if finding.level is Level.ERROR]
    if errors or body is None:
        t.placeholders = placeholders
        t.flat[id(region)] = errors[0] if errors else None
        _translate_flat(t, region)
        return
    for finding in trial.findings:
        t.sink.emit(finding)
    function = _unified(t, region, body)
    call = t.tracer.emit(function.name, given, outputs=len(returned), domain=function.domain)
    _bind_results(t, region, call, results, returned)


def _translate_flat(t: Translation, region: Region) -> None:
    """Translate a region where it stands; say why it has no function, if that goes well."""
    trial, sink = Collector(), t.sink
    t.sink = trial
    try:
        for item in region.items:
            t.item(item)
    finally:
        t.sink = sink
    for finding in trial.findings:
        t.sink.emit(finding)
    reason = t.flat[id(region)]
    if reason is not None and not any(finding.level is Level.ERROR for finding in trial.findings):
        what = region.operator or region.class_name.rpartition(".")[2]
        site = replace(reason.site, module=region.path)
        t.sink.emit(BodyNotSeparable(site, region.path, what, reason.message()))


def _formal_inputs(
    t: Translation, inputs: Sequence[fx.Node], region: Region
) -> tuple[list[ir.Value], list[ir.Value], Values]:
    """The values to call with, the function's own inputs for them, and what the body sees for each outer node."""
    given: list[ir.Value] = []
    formal: dict[int, ir.Value] = {}
    inner: Values = {}
    written = _parameter_names(region)

    def parameter(value: Any, node: fx.Node) -> Any:
        if isinstance(value, (list, tuple)):
            return [parameter(item, node) for item in value]
        if not isinstance(value, ir.Value):
            return value
        if id(value) not in formal:
            given.append(value)
            formal[id(value)] = SymbolicTensor(
                name=written.get(node) or _formal_name(t.state_names.get(node), value, region.path),
                type=value.type,
                shape=_known_rank(value),
            )
        return formal[id(value)]

    for node in inputs:
        inner[node] = parameter(t.values[node], node)
    return given, list(formal.values()), inner


def _function_graph(
    t: Translation, formal: list[ir.Value], returned: list[ir.Value], owners: Sequence[fx.Node], scope: Scope
) -> ir.Graph:
    """The body; what it returns, each computed for one FX node, is computed in it, and only once."""
    heads = []
    for value in scope.constants.values():
        attributes = [ir.AttrTensor("value", value.const_value)] if value.const_value is not None else []
        value.name = t.names.unique("constant")
        heads.append(ir.Node("", "Constant", [], attributes, outputs=[value], name=value.name))
    scope.nodes[:0] = heads
    own = {id(output) for node in scope.nodes for output in node.outputs}
    for index, value in enumerate(returned):
        if id(value) not in own or any(value is other for other in returned[:index]):
            returned[index] = t.tracer.emit("Identity", [value]).outputs[0]
            returned[index].type, returned[index].shape = value.type, value.shape
            t.stamp(owners[index], scope.nodes[-1:])
    return t.graph(formal, returned, scope, "body")


def _unified(t: Translation, region: Region, body: ir.Graph) -> ir.Function:
    """The function with this body: a known one if an equal body was met, else a new one with a name of its own.

    Bodies of one class or operator are told apart by name, not by overload: see docs/decisions/0001-function-names.md.
    """
    if region.operator:
        domain, name = operator_domain(region.operator), operator_name(region.operator)
    else:
        domain, name = function_domain(region.class_name), function_name(region.class_name)
    key = f"{domain}:{name}:{body_key(body)}"
    known = t.functions.get(key)
    if known is not None:
        return known
    name = t.function_names.unique(f"{domain}:{name}").rpartition(":")[2]
    function = ir.Function(domain, name, graph=body, attributes=[])
    if region.operator:
        (node,) = region.nodes()
        function.doc_string = str(schema(node.target)) if isinstance(node.target, OpOverload) else None
        function.metadata_props[OPERATOR_KEY] = region.operator
    t.functions[key] = function
    return function


def _bind_results(
    t: Translation, region: Region, call: ir.Node, results: Mapping[fx.Node, Any], returned: Sequence[ir.Value]
) -> None:
    members = tuple(region.nodes())
    first = members[0]
    identity = str(len(t.origins))
    sources = t.captured.sources
    name = region.operator or region.class_name
    t.origins[identity] = Origin(first.name, name, region.path, sources.user_line(first))
    t.nodes[identity] = first
    t.calls[identity] = members
    call.metadata_props[PROVENANCE_KEY] = identity
    call.metadata_props[MODULE_KEY] = region.path
    call.name = t.node_names.unique(_call_name(t, region, call))
    outputs = iter(call.outputs)
    like = iter(returned)

    def bound(inside: Any, node: fx.Node) -> Any:
        if isinstance(inside, (list, tuple)):
            return [bound(item, node) for item in inside]
        if not isinstance(inside, ir.Value):
            return inside
        value, inner = next(outputs), next(like)
        value.type, value.shape = inner.type, inner.shape
        value.name = t.names.unique(t.local_name(node))
        t.named[value.name] = node
        return value

    for node, inside in results.items():
        t.values[node] = bound(inside, node)


def _call_name(t: Translation, region: Region, call: ir.Node) -> str:
    """What a call is named: in the main graph by its module, an operator's by its node as well."""
    if not region.operator:
        return call.op_type if t.tracer.scope.root.in_function else region.path
    (node,) = region.nodes()
    inside = t.tracer.scope.root.in_function or not region.path
    return t.local_name(node) if inside else f"{region.path}/{t.local_name(node)}"


def _parameter_names(region: Region) -> Mapping[fx.Node, str]:
    """The names of an operator's parameters, by the node that is given for each."""
    if not region.operator:
        return {}
    (node,) = region.nodes()
    assert isinstance(node.target, OpOverload)
    parameters = [argument.name for argument in schema(node.target).arguments]
    given = [*zip(parameters, node.args, strict=False), *node.kwargs.items()]
    return {source: name for name, argument in reversed(given) for source in _nodes_in(argument)}


def _nodes_in(argument: Any) -> Iterator[fx.Node]:
    if isinstance(argument, fx.Node):
        yield argument
    elif isinstance(argument, (list, tuple)):
        for item in argument:
            yield from _nodes_in(item)


def _flat(value: Any) -> list[ir.Value]:
    if isinstance(value, (list, tuple)):
        return [item for entry in value for item in _flat(entry)]
    return [value] if isinstance(value, ir.Value) else []


def _inputs_of(region: Region) -> list[fx.Node]:
    found: dict[fx.Node, None] = {}
    for node in region.nodes():
        found.update(dict.fromkeys(node.all_input_nodes))
    return list(found)


def _formal_name(weight: str | None, value: ir.Value, path: str) -> str:
    """The name of a function's input: a weight by its name inside the module, a value by its own without numbers."""
    if weight is not None:
        return weight[len(path) + 1 :] if path and weight.startswith(f"{path}.") else weight
    return base_name(value.name or "input")


def _known_rank(value: ir.Value) -> ir.Shape | None:
    return None if value.shape is None else ir.Shape(list(value.shape))
