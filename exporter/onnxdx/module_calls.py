"""Module calls as ONNX functions: one function for all equal bodies, called with each module's own weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx_ir as ir
from torch import fx

from onnxdx.bodies import body_key
from onnxdx.naming import Names, base_name, function_domain, function_name
from onnxdx.tracing import Scope, SymbolicTensor
from onnxdx.translation import Translation, Values
from onnxdx.values import MODULE_KEY, PROVENANCE_KEY, Origin, Region


def call_module(t: Translation, region: Region) -> None:
    """Translate a module call as an ONNX function, shared with every equal one, and call it."""
    members = set(region.nodes())
    inputs = [node for node in _inputs_of(region) if node not in members]
    outputs = [node for node in region.nodes() if any(user not in members for user in node.users)]
    given, formal, inner = _formal_inputs(t, inputs, region)
    outer = t.values, t.names, t.node_names
    t.values, t.names, t.node_names = inner, Names(), Names()
    for value in formal:
        value.name = t.names.unique(value.name or "input")
    scope = Scope(in_function=True)
    with t.tracer.inside(scope):
        for item in region.items:
            t.item(item)
        results = {node: t.values[node] for node in outputs}
        returned = [value for node in outputs for value in _flat(results[node])]
        owners = [node for node in outputs for _ in _flat(results[node])]
        body = _function_graph(t, formal, returned, owners, scope)
    t.values, t.names, t.node_names = outer
    function = _unified(t, region, body)
    node = t.tracer.emit(function.name, given, outputs=len(returned), domain=function.domain)
    _bind_results(t, region, node, results, returned)


def _formal_inputs(
    t: Translation, inputs: Sequence[fx.Node], region: Region
) -> tuple[list[ir.Value], list[ir.Value], Values]:
    """The values to call with, the function's own inputs for them, and what the body sees for each outer node."""
    given: list[ir.Value] = []
    formal: dict[int, ir.Value] = {}
    inner: Values = {}

    def parameter(value: Any, node: fx.Node) -> Any:
        if isinstance(value, (list, tuple)):
            return [parameter(item, node) for item in value]
        if not isinstance(value, ir.Value):
            return value
        if id(value) not in formal:
            given.append(value)
            formal[id(value)] = SymbolicTensor(
                name=_formal_name(t.state_names.get(node), value, region.path),
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

    Bodies of one class are told apart by name, not by overload: see docs/decisions/0001-function-names.md.
    """
    domain, name = function_domain(region.class_name), function_name(region.class_name)
    key = f"{domain}:{name}:{body_key(body)}"
    known = t.functions.get(key)
    if known is not None:
        return known
    name = t.function_names.unique(f"{domain}:{name}").partition(":")[2]
    t.functions[key] = ir.Function(domain, name, graph=body, attributes=[])
    return t.functions[key]


def _bind_results(
    t: Translation, region: Region, call: ir.Node, results: Mapping[fx.Node, Any], returned: Sequence[ir.Value]
) -> None:
    first = next(iter(region.nodes()))
    identity = str(len(t.origins))
    sources = t.captured.sources
    t.origins[identity] = Origin(first.name, region.class_name, region.path, sources.user_line(first))
    t.nodes[identity] = first
    call.metadata_props[PROVENANCE_KEY] = identity
    call.metadata_props[MODULE_KEY] = region.path
    call.name = t.node_names.unique(region.path if not t.tracer.scope.root.in_function else call.op_type)
    outputs = iter(call.outputs)
    for node, inside in results.items():
        values = []
        for inner in _flat(inside):
            value = next(outputs)
            value.type, value.shape = inner.type, inner.shape
            value.name = t.names.unique(t.local_name(node))
            t.named[value.name] = node
            values.append(value)
        t.values[node] = values if isinstance(inside, (list, tuple)) else values[0] if values else inside


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
