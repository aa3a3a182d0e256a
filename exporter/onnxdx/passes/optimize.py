"""Optimize: fold constants, merge equal nodes, drop what is dead, once for each distinct body of a flat model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import onnx_ir as ir
from onnx_ir.passes import common

from onnxdx.errors import first_line
from onnxdx.optimizations.steps import Step, bodies, steps
from onnxdx.values import PROVENANCE_KEY, InputBinding, OnnxDraft
from onnxdx.weights.absent_weights import hidden
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx423_optimization_raises import OptimizationRaises
from onnxdx_diagnostics.sink import Sink
from onnxdx_diagnostics.source import region


def run(draft: OnnxDraft, sink: Sink, until: int | None = None) -> OnnxDraft:
    """The draft with its model optimised in place, if that was asked for, by the first `until` steps or by all.

    Provenance survives: nodes keep their id, new ones inherit it.
    """
    known = [(output.type, output.shape) for output in draft.model.graph.outputs]
    _tidy(draft.model)
    with hidden(draft.model):
        for step in steps(draft.captured.request.options)[:until]:
            draft = _stepped(draft, step, sink)
    model = draft.model
    _close_subgraphs(model)
    model.opset_imports.update({domain: 1 for domain, _, _ in model.functions})
    for output, (element, shape) in zip(model.graph.outputs, known, strict=True):
        output.type, output.shape = output.type or element, output.shape or shape
    return replace(draft, inputs=_kept_inputs(draft))


def _stepped(draft: OnnxDraft, step: Step, sink: Sink) -> OnnxDraft:
    """The draft after one step. A pass of the user's own that raises is a finding; a part of its work may be done."""
    made = {key: _made(body) for key, body in bodies(draft.model).items()} if step.foreign else {}
    before = _size(draft.model)
    try:
        draft = step.run(draft)
    except Exception as error:
        if not step.written:
            raise
        sink.emit(_raised(draft, step, error))
    if step.foreign:
        _inherit_provenance(draft.model, made)
    if _size(draft.model) != before:
        sink.record({step.name: _size(draft.model) - before})
    return draft


def _raised(draft: OnnxDraft, step: Step, error: Exception) -> OptimizationRaises:
    """A pass of the user that raises: on its line, where that is known."""
    path, _, line = step.written.rpartition(":")
    site = Site(region(path, int(line))) if line.isdigit() else draft.captured.sources.fallback()
    return OptimizationRaises(site, step.name, f"{type(error).__name__}: {first_line(error)}")


def _size(model: ir.Model) -> int:
    return sum(len(body) for body in bodies(model).values())


def _tidy(model: ir.Model) -> None:
    """What every model needs, optimised or not: scripts inlined, unused optional results dropped, names settled."""
    scripts = {key for key in model.functions if key[0].startswith("pkg.onnxscript")}
    if scripts:
        common.InlinePass(criteria=lambda function: function.identifier() in scripts)(model)
        common.NameFixPass()(model)
    common.RemoveUnusedNodesPass()(model)
    common.RemoveUnusedFunctionsPass()(model)
    common.RemoveUnusedOpsetsPass()(model)


def _kept_inputs(draft: OnnxDraft) -> tuple[InputBinding, ...]:
    """The inputs without those of state that the model only writes: nothing reads them."""
    graph = draft.model.graph
    dead = {binding.name for binding in draft.inputs if binding.position is None} - set(graph.initializers)
    for index in reversed(range(len(graph.inputs))):
        if graph.inputs[index].name in dead:
            graph.inputs.pop(index)
    return tuple(binding for binding in draft.inputs if binding.name not in dead)


def _close_subgraphs(model: ir.Model) -> None:
    """Compute every output of a branch or loop body in it, and only once: by an Identity where optimisation took it.

    ONNX requires the first (IR specification, "Graphs"), ONNX Runtime the second: it gives wrong numbers for a Scan
    that carries and stacks one value.
    """
    for node in [node for body in bodies(model).values() for node in body.all_nodes()]:
        for attribute in node.attributes.values():
            if attribute.type is not ir.AttributeType.GRAPH:
                continue
            body = attribute.as_graph()
            for index, output in enumerate(body.outputs):
                producer = output.producer()
                repeated = any(output is other for other in list(body.outputs)[:index])
                if producer is not None and producer.graph is body and not repeated:
                    continue
                copy = ir.Value(name=f"{output.name}.{body.name}.{index}", type=output.type, shape=output.shape)
                body.append(ir.Node("", "Identity", [output], outputs=[copy], metadata_props=dict(node.metadata_props)))
                body.outputs[index] = copy


def _made(body: ir.Graph) -> dict[str, str]:
    """The provenance of each value, by name."""
    nodes = [node for node in body.all_nodes() if PROVENANCE_KEY in node.metadata_props]
    return {value.name: node.metadata_props[PROVENANCE_KEY] for node in nodes for value in node.outputs if value.name}


def _inherit_provenance(model: ir.Model, made: Mapping[ir.OperatorIdentifier | None, Mapping[str, str]]) -> None:
    """A node that an optimisation made belongs to the FX node of the value it computes, or of a neighbour."""
    for key, body in bodies(model).items():
        for node in body.all_nodes():
            if PROVENANCE_KEY in node.metadata_props:
                continue
            known = (made[key].get(output.name or "") for output in node.outputs)
            origin = next(filter(None, known), None) or _neighbour(node)
            if origin is not None:
                node.metadata_props[PROVENANCE_KEY] = origin


def _neighbour(node: ir.Node) -> str | None:
    producers = (value.producer() for value in node.inputs if value is not None)
    users = (use.node for output in node.outputs for use in output.uses())
    for other in (*users, *producers):
        if other is not None and PROVENANCE_KEY in other.metadata_props:
            return other.metadata_props[PROVENANCE_KEY]
    return None
