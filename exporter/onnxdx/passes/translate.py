"""Translate: the ONNX function of every node, traced into onnx_ir; a placeholder where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from onnxdx.translation.boundary import graph_inputs, graph_outputs
from onnxdx.translation.function_calls import call_function
from onnxdx.translation.translation import Translation
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
        results=t.results(),
        calls=t.calls,
        repeated=t.repeated,
    )


def _forget_shapes(function: ir.Function) -> None:
    """A function is called with weights and inputs of other shapes than those of the call it was first met in."""
    for value in function.inputs:
        value.shape = None
    for node in function.all_nodes():
        for output in node.outputs:
            output.shape = None


def _functions(t: Translation) -> Iterator[ir.Function]:
    for function in t.functions.values():
        if function.identifier() not in t.repeated:
            _forget_shapes(function)
        yield function
    for script in t.tracer.functions.values():
        copy = script.clone()
        copy.graph.opset_imports[""] = t.tracer.opset_version
        yield copy
