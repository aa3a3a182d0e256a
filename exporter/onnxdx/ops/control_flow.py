"""Control flow: torch's higher-order operators as ONNX If, Loop and Scan (operator specification, opset 16 to 18).

A handler gets the translator, which can inline a captured subgraph into the current graph, and the node's arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import onnx_ir as ir

from onnxdx.tracing.symbolic import SymbolicTensor
from onnxdx.tracing.tracer import Scope, Tracer

Graph = Any
"""A reference to a captured subgraph, as the translator hands it out for a get_attr node."""


class Inliner(Protocol):
    """What control flow needs of the translator."""

    tracer: Tracer

    def inline(self, graph: Graph, inputs: Sequence[Any]) -> list[ir.Value]:
        """Translate a subgraph into the current scope, on these inputs; its outputs, each a value."""
        ...

    def value(self, argument: Any) -> ir.Value:
        """An argument as a value: itself, or a constant."""
        ...

    def subgraph(self, inputs: Sequence[ir.Value], outputs: Sequence[ir.Value], scope: Scope, name: str) -> ir.Graph:
        """A finished scope as the graph attribute of a control-flow node."""
        ...


Handler = Callable[..., Any]
TRANSLATED: dict[str, Handler] = {}
"""Handlers by the name of the higher-order operator."""


def _translates(*names: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        TRANSLATED.update(dict.fromkeys(names, handler))
        return handler

    return register


@_translates("cond")
def cond(t: Inliner, predicate: Any, on_true: Graph, on_false: Graph, operands: Sequence[Any] = ()) -> list[ir.Value]:
    """torch.cond as If; the operands are captured from the surrounding graph."""
    branches = {}
    for attribute, graph in (("then_branch", on_true), ("else_branch", on_false)):
        scope = Scope(parent=t.tracer.scope)
        with t.tracer.inside(scope):
            outputs = t.inline(graph, operands)
        branches[attribute] = t.subgraph([], outputs, scope, attribute)
    node = t.tracer.emit("If", [t.value(predicate)], branches, outputs=len(branches["then_branch"].outputs))
    return _typed(node, branches["then_branch"].outputs)


@_translates("while_loop")
def while_loop(
    t: Inliner, condition: Graph, body: Graph, carried: Sequence[Any], additional: Sequence[Any] = ()
) -> list[ir.Value]:
    """torch.while_loop as Loop without a trip count: the condition is computed before the loop and at the end of it."""
    initial = [t.value(argument) for argument in carried]
    (first,) = t.inline(condition, [*initial, *additional])
    scope = Scope(parent=t.tracer.scope)
    iteration = _input("iteration", ir.DataType.INT64)
    going_on = _input("going_on", ir.DataType.BOOL)
    state = [_like(value) for value in initial]
    with t.tracer.inside(scope):
        updated = t.inline(body, [*state, *additional])
        (again,) = t.inline(condition, [*updated, *additional])
    graph = t.subgraph([iteration, going_on, *state], [again, *updated], scope, "body")
    node = t.tracer.emit("Loop", [None, first, *initial], {"body": graph}, outputs=len(initial))
    return _typed(node, initial)


@_translates("scan")
def scan(
    t: Inliner, combine: Graph, init: Sequence[Any], xs: Sequence[Any], additional: Sequence[Any] = ()
) -> list[ir.Value]:
    """torch's scan as Scan: the carried values, then the stacked results."""
    return _scan(t, combine, [t.value(value) for value in init], [t.value(value) for value in xs], additional)


@_translates("map_impl", "map")
def map_impl(t: Inliner, body: Graph, xs: Sequence[Any], additional: Sequence[Any] = ()) -> list[ir.Value]:
    """torch's map as a Scan that carries nothing."""
    return _scan(t, body, [], [t.value(value) for value in xs], additional)


@_translates("associative_scan")
def associative_scan(t: Inliner, combine: Graph, xs: Sequence[Any], additional: Sequence[Any] = ()) -> list[ir.Value]:
    """torch's associative_scan along the first axis, in order: the first slice, then a Scan that starts from it."""
    values = [t.value(x) for x in xs]
    tracer = t.tracer
    bounds = {name: tracer.vector([number]) for name, number in (("0", 0), ("1", 1), ("end", 2**63 - 1))}
    heads = [tracer.emit("Slice", [x, bounds["0"], bounds["1"], bounds["0"]]).outputs[0] for x in values]
    tails = [tracer.emit("Slice", [x, bounds["1"], bounds["end"], bounds["0"]]).outputs[0] for x in values]
    firsts = [tracer.emit("Squeeze", [head, bounds["0"]]).outputs[0] for head in heads]
    for value, head, tail, first in zip(values, heads, tails, firsts, strict=True):
        head.type = tail.type = first.type = value.type
        rest = list(value.shape or ())[1:]
        head.shape, tail.shape, first.shape = ir.Shape([1, *rest]), ir.Shape([None, *rest]), ir.Shape(rest)
    results = _scan(t, combine, firsts, tails, additional, carries_result=True)
    joined = [
        tracer.emit("Concat", [head, rest], {"axis": 0}).outputs[0] for head, rest in zip(heads, results, strict=True)
    ]
    for value, output in zip(values, joined, strict=True):
        output.type = value.type
    return joined


@_translates(
    "wrap_with_set_grad_enabled", "invoke_subgraph", "hints_wrapper", "wrap", "tag_activation_checkpoint",
    "wrap_activation_checkpoint",
)  # fmt: skip
def inlined(t: Inliner, *arguments: Any, **_: Any) -> list[ir.Value]:
    """Regions that mean something to autograd or to a compiler, but not to an ONNX model: their body, in place."""
    position = next(index for index, argument in enumerate(arguments) if is_graph(argument))
    operands = [argument for argument in arguments[position + 1 :] if not isinstance(argument, str)]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    return t.inline(arguments[position], operands)


def is_graph(argument: Any) -> bool:
    """Whether an argument is a reference to a captured subgraph."""
    return hasattr(argument, "graph_path")


def _scan(
    t: Inliner,
    combine: Graph,
    init: Sequence[ir.Value],
    xs: Sequence[ir.Value],
    additional: Sequence[Any],
    *,
    carries_result: bool = False,
) -> list[ir.Value]:
    scope = Scope(parent=t.tracer.scope)
    state = [_like(value) for value in init]
    slices = [_slice_of(value) for value in xs]
    with t.tracer.inside(scope):
        outputs = t.inline(combine, [*state, *slices, *additional])
        if carries_result:
            outputs = [*outputs, *(t.tracer.emit("Identity", [value]).outputs[0] for value in outputs)]
            for original, copy in zip(outputs, outputs[len(init) :], strict=False):
                copy.type, copy.shape = original.type, original.shape
    graph = t.subgraph([*state, *slices], outputs, scope, "body")
    node = t.tracer.emit("Scan", [*init, *xs], {"body": graph, "num_scan_inputs": len(xs)}, outputs=len(outputs))
    results = _typed(node, outputs, len(init))
    return results[len(init) :] if carries_result else results


def _input(name: str, dtype: ir.DataType) -> ir.Value:
    return ir.Value(name=name, type=ir.TensorType(dtype), shape=ir.Shape([]))


def _like(value: ir.Value) -> ir.Value:
    return SymbolicTensor(name=None, type=value.type, shape=value.shape)


def _slice_of(value: ir.Value) -> ir.Value:
    shape = None if value.shape is None else ir.Shape(list(value.shape)[1:])
    return SymbolicTensor(name=None, type=value.type, shape=shape)


def _typed(node: ir.Node, like: Sequence[ir.Value], carried: int | None = None) -> list[ir.Value]:
    for index, (output, model) in enumerate(zip(node.outputs, like, strict=True)):
        output.type = model.type
        if carried is None or index < carried:
            output.shape = model.shape
    return list(node.outputs)
