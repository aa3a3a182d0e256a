"""Optimize: fold constants, merge equal nodes, drop what is dead. The passes are those of onnxscript and onnx_ir."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import onnx_ir as ir
from onnx_ir.passes import common
from onnxscript import optimizer

from onnxdx.values import PROVENANCE_KEY, InputBinding, OnnxDraft
from onnxdx_diagnostics.sink import Sink

_FOLDED_BYTES = 1 << 16
"""Largest tensor that constant folding makes, so that a small graph of large constants stays small on disk."""


def run(draft: OnnxDraft, sink: Sink) -> OnnxDraft:
    """The draft with its model optimised in place, if that was asked for.

    Provenance survives: nodes keep their id, new ones inherit it.
    """
    model = draft.model
    known = [(output.type, output.shape) for output in model.graph.outputs]
    _tidy(model)
    if draft.captured.request.options.optimize:
        with _quiet():
            for step in _steps():
                step(model)
    _close_subgraphs(model)
    model.opset_imports.update({domain: 1 for domain, _, _ in model.functions})
    for output, (element, shape) in zip(model.graph.outputs, known, strict=True):
        output.type, output.shape = output.type or element, output.shape or shape
    _inherit_provenance(draft)
    return replace(draft, inputs=_kept_inputs(draft))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """onnxscript logs a warning for every node that it does not fold, which is not the user's concern."""
    logger = logging.getLogger("onnxscript")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _tidy(model: ir.Model) -> None:
    """What every model needs, optimised or not: scripts inlined, unused optional results dropped, names settled."""
    scripts = {key for key in model.functions if key[0].startswith("pkg.onnxscript")}
    if scripts:
        common.InlinePass(criteria=lambda function: function.identifier() in scripts)(model)
        common.NameFixPass()(model)
    common.RemoveUnusedNodesPass()(model)
    common.RemoveUnusedFunctionsPass()(model)
    common.RemoveUnusedOpsetsPass()(model)


def _steps() -> tuple[Callable[[ir.Model], object], ...]:
    return (
        lambda model: optimizer.fold_constants(model, onnx_shape_inference=False, output_size_limit=_FOLDED_BYTES),
        _drop_identities,
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.LiftSubgraphInitializersToMainGraphPass(),
        common.CommonSubexpressionEliminationPass(),
        common.RemoveUnusedNodesPass(),
        common.RemoveUnusedFunctionsPass(),
        common.RemoveUnusedOpsetsPass(),
        common.NameFixPass(),
    )


def _kept_inputs(draft: OnnxDraft) -> tuple[InputBinding, ...]:
    """The inputs without those of state that the model only writes: nothing reads them."""
    graph = draft.model.graph
    dead = {binding.name for binding in draft.inputs if binding.position is None} - set(graph.initializers)
    for index in reversed(range(len(graph.inputs))):
        if graph.inputs[index].name in dead:
            graph.inputs.pop(index)
    return tuple(binding for binding in draft.inputs if binding.name not in dead)


def _drop_identities(model: ir.Model) -> None:
    """Remove Identity nodes, except those that make an output: outputs stay distinct values with names of their own."""
    graphs = [model.graph, *(function.graph for function in model.functions.values())]
    for node in [node for graph in graphs for node in graph.all_nodes()]:
        if node.op_type != "Identity" or node.domain != "" or node.outputs[0].is_graph_output():
            continue
        source = node.inputs[0]
        if source is not None and node.graph is not None:
            ir.convenience.replace_all_uses_with(node.outputs[0], source)
            node.graph.remove(node, safe=True)


def _close_subgraphs(model: ir.Model) -> None:
    """Compute every output of a branch or loop body in it, and only once: by an Identity where optimisation took it.

    ONNX requires the first (IR specification, "Graphs"), ONNX Runtime the second: it gives wrong numbers for a Scan
    that carries and stacks one value.
    """
    graphs = (model.graph, *(function.graph for function in model.functions.values()))
    for node in [node for graph in graphs for node in graph.all_nodes()]:
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


def _inherit_provenance(draft: OnnxDraft) -> None:
    """A node that an optimisation made belongs to the FX node of the value it computes, or of a neighbour.

    Names in a function are its own, so that there only the neighbours tell.
    """
    ids = {node.name: identity for identity, node in draft.nodes.items()}
    main = [(node, True) for node in draft.model.graph.all_nodes()]
    bodies = [(node, False) for function in draft.model.functions.values() for node in function.all_nodes()]
    for node, named in (*main, *bodies):
        if PROVENANCE_KEY in node.metadata_props:
            continue
        names = [output.name for output in node.outputs if output.name] if named else []
        origin = next((draft.values[name] for name in names if name in draft.values), None)
        known = ids.get(origin.name) if origin is not None else _neighbour(node)
        if known is not None:
            node.metadata_props[PROVENANCE_KEY] = known


def _neighbour(node: ir.Node) -> str | None:
    producers = (value.producer() for value in node.inputs if value is not None)
    users = (use.node for output in node.outputs for use in output.uses())
    for other in (*users, *producers):
        if other is not None and PROVENANCE_KEY in other.metadata_props:
            return other.metadata_props[PROVENANCE_KEY]
    return None
