"""Calls of modules and operators as ONNX functions: one for all equal bodies, called with the weights of each."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import onnx_ir as ir
from torch import fx

from onnxdx.compat.torch_operators import OpOverload, schema
from onnxdx.tracing.symbolic import SymbolicTensor
from onnxdx.tracing.tracer import Scope
from onnxdx.translation.bodies import body_key
from onnxdx.translation.naming import base_name, function_domain, function_name, operator_domain, operator_name
from onnxdx.translation.region_shape import constant, inputs_of, outputs_of, shape_of
from onnxdx.translation.translation import Translation, Values
from onnxdx.values import MODULE_KEY, OPERATOR_KEY, PROVENANCE_KEY, REPEATED, Origin, Region, RepeatedBody
from onnxdx.weights.absent_weights import AbsentWeight
from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.rules.dx404_body_not_separable import BodyNotSeparable
from onnxdx_diagnostics.sink import Collector

_SMALL = 1024
"""Bytes of a constant that a repeated region may look at."""


@dataclass(frozen=True)
class _Template:
    """A region that was translated to a function: what its outputs are inside, each a value or a list of values."""

    function: ir.Function
    results: tuple[Any, ...]


def call_function(t: Translation, region: Region) -> None:
    """Translate a region as an ONNX function, shared with every equal one, and call it.

    A region that can only be translated where the values around it are known is translated there, without a function.
    """
    if id(region) in t.flat:
        _translate_flat(t, region)
        return
    inputs, outputs = inputs_of(region), outputs_of(region)
    shape = region.shape if region.shape is not None else shape_of(region, t.plan.plan)
    key = None if shape is None else (region.class_name, region.operator, shape, _given_shapes(t, inputs, region))
    template = t.templates.get(key) if key is not None else None
    given, formal, inner = _formal_inputs(t, inputs, region)
    if template is None:
        placeholders = set(t.placeholders)
        template = _template(t, region, outputs, formal, inner)
        if template is None:
            t.placeholders = placeholders
            _translate_flat(t, region)
            return
        if key is not None and t.placeholders == placeholders:
            t.templates[key] = template
    returned = _flat(template.results)
    function = template.function
    call = t.tracer.emit(function.name, given, outputs=len(returned), domain=function.domain)
    _bind_results(t, region, call, dict(zip(outputs, template.results, strict=True)), returned)


def _template(
    t: Translation, region: Region, outputs: Sequence[fx.Node], formal: list[ir.Value], inner: Values
) -> _Template | None:
    """The region as a function; None when it cannot be one, and `t.flat` knows why."""
    scope, trial, before = Scope(in_function=True), Collector(), len(t.placeholders)
    with t.apart(inner, trial):
        for value in formal:
            value.name = t.names.unique(value.name or "input")
        with t.tracer.inside(scope):
            _restore_constants(t, inner)
            for item in region.items:
                t.item(item)
            results = tuple(t.values[node] for node in outputs)
            returned = _flat(results)
            owners = [node for node, result in zip(outputs, results, strict=True) for _ in _flat(result)]
            body = _function_graph(t, formal, returned, owners, scope) if returned else None
        repeated = RepeatedBody(tuple(region.nodes()), t.named, t.results())
    errors = [finding for finding in trial.findings if finding.level is Level.ERROR]
    if errors or body is None or (region.shape is not None and len(t.placeholders) > before):
        t.flat[id(region)] = errors[0] if errors else None
        return None
    for finding in trial.findings:
        t.sink.emit(finding)
    if region.shape is None:
        return _Template(_unified(t, region, body), results)
    name = t.function_names.unique(function_name(region.class_name))
    function = ir.Function(REPEATED, name, graph=body, attributes=[])
    t.functions[f"{REPEATED}:{name}"] = function
    t.repeated[function.identifier()] = repeated
    return _Template(function, results)


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
    if (
        reason is not None
        and region.shape is None
        and not any(finding.level is Level.ERROR for finding in trial.findings)
    ):
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
        if not isinstance(value, ir.Value) or _is_known(t, value, node, region):
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


def _is_known(t: Translation, value: ir.Value, node: fx.Node, region: Region) -> bool:
    """Whether a repeated region may look at a value: a small constant that is no weight or buffer of the module."""
    known = value.const_value
    if region.shape is None or known is None or isinstance(known, AbsentWeight) or known.nbytes > _SMALL:
        return False
    return node not in t.state_names or node.name in t.lifted


def _restore_constants(t: Translation, inner: Values) -> None:
    """Make the constants that a body may look at its own."""

    def restored(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [restored(item) for item in value]
        if not isinstance(value, ir.Value) or value.const_value is None:
            return value
        tensor = value.const_value
        return t.tracer.scope.constant(tensor, key=(tensor.dtype, tuple(tensor.shape), tensor.tobytes()))

    inner.update({node: restored(value) for node, value in inner.items()})


def _given_shapes(t: Translation, inputs: Sequence[fx.Node], region: Region) -> Hashable:
    """What translation can see of the values that a region is called with, and which of them are one value."""
    numbers: dict[int, int] = {}

    def seen(value: Any, node: fx.Node) -> Hashable:
        if isinstance(value, (list, tuple)):
            return tuple(seen(item, node) for item in value)
        if not isinstance(value, ir.Value):
            return constant(value)
        if _is_known(t, value, node, region):
            assert value.const_value is not None
            return (value.const_value.dtype, tuple(value.const_value.shape), value.const_value.tobytes())
        shape = (
            None
            if value.shape is None
            else tuple(size if isinstance(size, int) else size.value for size in value.shape)
        )
        return (numbers.setdefault(id(value), len(numbers)), repr(value.type), shape)

    return tuple(seen(t.values[node], node) for node in inputs)


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


def _formal_name(weight: str | None, value: ir.Value, path: str) -> str:
    """The name of a function's input: a weight by its name inside the module, a value by its own without numbers."""
    if weight is not None:
        return weight[len(path) + 1 :] if path and weight.startswith(f"{path}.") else weight
    return base_name(value.name or "input")


def _known_rank(value: ir.Value) -> ir.Shape | None:
    return None if value.shape is None else ir.Shape(list(value.shape))
