"""The optimisations of an export, in the order in which they are run, each under the name by which it is recorded.

Those before `inline-repeated` see the body of a repeated region once, those after it every copy: they do what only
shows where bodies meet, and cost little for each node.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.passes import common
from onnxscript import optimizer

from onnxdx.optimizations import batch_norms, constant_nodes, equal_nodes, redundant_nodes
from onnxdx.optimizations.editing import is_op
from onnxdx.optimizations.inlining import inline_repeated
from onnxdx.request import ExportOptions
from onnxdx.values import OnnxDraft

_FOLDED_BYTES = 1 << 16
"""Largest tensor that constant folding makes, so that a small graph of large constants stays small on disk."""


@dataclass(frozen=True)
class Step:
    """One optimisation. `run` changes the model of a draft in place; the draft it gives may know more of it.

    What is `foreign` knows nothing of provenance: its new nodes have none yet. `written` is where the user's own stands
    ("file.py:12"), empty for ours.
    """

    name: str
    run: Callable[[OnnxDraft], OnnxDraft]
    foreign: bool = False
    written: str = ""


def steps(options: ExportOptions) -> tuple[Step, ...]:
    """The optimisations that are asked for, the user's own last; and what the form of the model needs."""
    inline = Step("inline-repeated", inline_repeated)
    own = map(_of_user, options.optimizations)
    return (*_IN_BODIES, inline, *_ACROSS_CALLS, *own) if options.optimize else (inline, *own)


def _of_user(change: Callable[[ir.Model], object]) -> Step:
    """A pass of the user, by the name of its function or class."""

    def run(draft: OnnxDraft) -> OnnxDraft:
        result = change(draft.model)
        model = result.model if isinstance(result, ir.passes.PassResult) else result
        if isinstance(model, ir.Model) and model is not draft.model:
            raise TypeError("it gives another model, and must change the one that it is given")
        return draft

    body = getattr(getattr(change, "call", change), "__code__", None)
    written = f"{body.co_filename}:{body.co_firstlineno}" if body is not None else "user"
    return Step(getattr(change, "__name__", type(change).__name__), run, foreign=True, written=written)


def bodies(model: ir.Model) -> dict[ir.OperatorIdentifier | None, ir.Graph]:
    """The main graph, under None, and the bodies of the functions: each has names of its own."""
    return {None: model.graph, **{key: function.graph for key, function in model.functions.items()}}


def _of_model(change: Callable[[ir.Model], object]) -> Callable[[OnnxDraft], OnnxDraft]:
    def run(draft: OnnxDraft) -> OnnxDraft:
        change(draft.model)
        return draft

    return run


def _of_bodies(change: Callable[[ir.Graph], object]) -> Callable[[OnnxDraft], OnnxDraft]:
    def run(draft: OnnxDraft) -> OnnxDraft:
        for graph in bodies(draft.model).values():
            change(graph)
        return draft

    return run


def _of_graph(change: Callable[[ir.Graph], object]) -> Callable[[OnnxDraft], OnnxDraft]:
    def run(draft: OnnxDraft) -> OnnxDraft:
        change(draft.model.graph)
        return draft

    return run


def _fold(model: ir.Model) -> None:
    with _quiet():
        optimizer.fold_constants(model, onnx_shape_inference=False, output_size_limit=_FOLDED_BYTES)


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


def _fold_in_graph(model: ir.Model) -> None:
    constant_nodes.fold(model.graph, model.opset_imports[""])


def _drop_copies(graph: ir.Graph) -> None:
    """Remove Identity nodes, except those that make an output: outputs stay distinct values with names of their own."""
    for node in list(graph.all_nodes()):
        if not is_op(node, "Identity") or node.outputs[0].is_graph_output():
            continue
        source = node.inputs[0]
        if source is not None and node.graph is not None:
            ir.convenience.replace_all_uses_with(node.outputs[0], source)
            node.graph.remove(node, safe=True)


def _merge_equal(draft: OnnxDraft) -> OnnxDraft:
    weights = {name for name, node in draft.values.items() if node.op == "placeholder"}
    for graph in bodies(draft.model).values():
        equal_nodes.merge(graph, weights)
    return draft


def _drop_unused(model: ir.Model) -> None:
    common.RemoveUnusedNodesPass()(model)
    common.RemoveUnusedFunctionsPass()(model)
    common.RemoveUnusedOpsetsPass()(model)


def _lift(model: ir.Model) -> None:
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    common.LiftSubgraphInitializersToMainGraphPass()(model)


_IN_BODIES = (
    Step("fold-constants", _of_model(_fold), foreign=True),
    Step("drop-copies", _of_bodies(_drop_copies)),
    Step("remove-redundant", _of_bodies(redundant_nodes.remove)),
    Step("merge-equal", _merge_equal),
    Step("drop-unused", _of_model(_drop_unused)),
)

_ACROSS_CALLS = (
    Step("lift-constants", _of_model(_lift)),
    Step("fold-across-calls", _of_model(_fold_in_graph)),
    Step("fuse-batch-norms", _of_graph(batch_norms.fuse)),
    Step("drop-copies-across-calls", _of_graph(_drop_copies)),
    Step("remove-redundant-across-calls", _of_graph(redundant_nodes.remove)),
    Step("merge-equal-across-calls", _merge_equal),
    Step("drop-unused-across-calls", _of_model(_drop_unused)),
    Step("fix-names", _of_model(lambda model: common.NameFixPass()(model))),
)
