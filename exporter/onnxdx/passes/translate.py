"""Translate: the ONNX function of every node, traced into onnx_ir; a placeholder where there is none."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import onnx_ir as ir
from torch import fx

from onnxdx.boundary import graph_inputs, graph_outputs
from onnxdx.function_calls import call_function
from onnxdx.translation import Translation
from onnxdx.values import FunctionPlan, OnnxDraft
from onnxdx_diagnostics.sink import Sink

IR_VERSION = 10


def run(plan: FunctionPlan, sink: Sink) -> OnnxDraft:
    """The program as an ONNX model, complete or around placeholders. Weights are shared with the module, not copied."""
    t = Translation(plan, sink, call_function)
    inputs, bindings, initializers = graph_inputs(t)
    for item in plan.root.items:
        t.item(item)
    outputs, output_bindings = graph_outputs(t)
    graph = t.graph(inputs, outputs, t.tracer.scope, "main_graph")
    for value in (*initializers.values(), *t.tracer.scope.constants.values()):
        value.name = value.name or t.names.unique("constant")
        graph.initializers[value.name] = value
    graph.opset_imports.update({node.domain: node.version or 1 for node in graph.all_nodes() if node.domain})
    model = ir.Model(graph, ir_version=IR_VERSION, producer_name="onnxdx", functions=list(_functions(t)))
    return OnnxDraft(
        plan,
        model,
        t.origins,
        t.nodes,
        t.named,
        bindings,
        output_bindings,
        placeholders=frozenset(t.placeholders),
        results=dict(_results(t)),
        calls=t.calls,
    )


def _results(t: Translation) -> Iterator[tuple[str, tuple[fx.Node, int | None]]]:
    """Which ONNX value is the result of which node; a value of several nodes is the first's, which computes it."""
    seen: set[str] = set()
    for node, result in t.values.items():
        if node.op != "call_function" or node.target is operator.getitem:
            continue
        several = isinstance(result, (list, tuple))
        for index, value in enumerate(result if several else [result]):
            if isinstance(value, ir.Value) and value.producer() is not None and value.name not in seen:
                seen.add(value.name or "")
                yield value.name or "", (node, index if several else None)


def _forget_shapes(function: ir.Function) -> None:
    """A function is called with weights and inputs of other shapes than those of the call it was first met in."""
    for value in function.inputs:
        value.shape = None
    for node in function.all_nodes():
        for output in node.outputs:
            output.shape = None


def _functions(t: Translation) -> Iterator[ir.Function]:
    for function in t.functions.values():
        _forget_shapes(function)
        yield function
    for script in t.tracer.functions.values():
        copy = script.clone()
        copy.graph.opset_imports[""] = t.tracer.opset_version
        yield copy
