"""Decompose: make the graph functional, and expand only the operators that no ONNX function stands for.

A full retrace happens only when something is mutated. Every other operator is expanded on its own, traced on the shapes
that capture saw, once for each distinct (operator, argument metadata).
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import fx
from torch.export import ExportedProgram

from onnxdx.compat.capturing import lines_inside_autocast
from onnxdx.compat.control_flow import control_flow_called
from onnxdx.compat.fake_tensors import fake_mode_of
from onnxdx.compat.torch_errors import is_about_data
from onnxdx.compat.torch_operators import OpOverload, schema
from onnxdx.compat.writing_operators import calls_without_views, has_taken_name
from onnxdx.errors import first_line
from onnxdx.graph.expansion import Expander, Tried
from onnxdx.graph.functional import locally_functional
from onnxdx.graph.operators import attribute, called, called_graphs, is_operator, mutates
from onnxdx.graph.writing import returning_calls
from onnxdx.memory import Same
from onnxdx.registry import OnnxRegistry, WatchedRegistry
from onnxdx.user_code.stacks import chain_of
from onnxdx.values import CapturedProgram, DecomposedProgram
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx120_control_flow_misfit import ControlFlowMisfit
from onnxdx_diagnostics.rules.dx201_not_functional import NotFunctional
from onnxdx_diagnostics.sink import Sink


def run(captured: CapturedProgram, sink: Sink) -> DecomposedProgram:
    """The captured program with mutations and unplaceable operators expressed by others, as far as that is possible."""
    memory, options = captured.memory, captured.request.options
    functional = memory.said_once(("functional", Same(captured.exported)), _functional, captured, sink)
    exported, rewritten, dead_ends = functional.exported, functional.rewritten, set(functional.unwritable)
    registry = WatchedRegistry(options.onnx_registry or OnnxRegistry())
    known = memory.once(("expansions", Same(exported), options.opset_version), dict[Hashable, Tried])
    expander = Expander(captured, sink, registry, options.opset_version, memory, known)
    graph = expander.rewrite(rewritten.get("", exported.graph), dead_ends)
    subgraphs = {
        path: expander.rewrite(rewritten.get(path, body.graph), dead_ends)
        for path, body in _subgraphs(exported.graph_module, graph, "")
    }
    return DecomposedProgram(
        captured, exported, graph, subgraphs, frozenset(dead_ends), dict(expander.constants), expander.origins
    )


def _subgraphs(owner: torch.nn.Module, graph: fx.Graph, prefix: str) -> Iterator[tuple[str, fx.GraphModule]]:
    for name, body in called_graphs(owner, graph):
        yield prefix + name, body
        yield from _subgraphs(body, body.graph, f"{prefix}{name}.")


@dataclass(frozen=True)
class _Functional:
    """A program without mutations, and the graphs of it that were rewritten for that, by path.

    `unwritable` are the mutations that could not be expressed without writing.
    """

    exported: ExportedProgram
    rewritten: Mapping[str, fx.Graph] = field(default_factory=dict)
    unwritable: tuple[fx.Node, ...] = ()


def _functional(captured: CapturedProgram, sink: Sink) -> _Functional:
    """The program without mutations, and with calls of operators that return for those of operators that write."""
    pure = _without_mutations(captured, sink)
    if pure.unwritable:
        return pure
    graphs = {path: pure.rewritten.get(path, graph) for path, graph in _graphs(pure.exported).items()}
    return replace(pure, rewritten={path: returning_calls(graph) for path, graph in graphs.items()})


def _without_mutations(captured: CapturedProgram, sink: Sink) -> _Functional:
    """The program without mutations. It is retraced only where a rewrite of single nodes is not enough."""
    exported = captured.exported
    graphs = _graphs(exported)
    writers = [
        node for graph in graphs.values() for node in graph.nodes if node.op == "call_function" and mutates(node)
    ]
    if not writers:
        return _Functional(exported)
    impure = {path: graph for path, graph in graphs.items() if any(node.graph is graph for node in writers)}
    rewritten = {path: pure for path, graph in impure.items() if (pure := locally_functional(graph)) is not None}
    if len(rewritten) == len(impure):
        return _Functional(exported, rewritten)
    try:
        _refuse_fake_constants(captured)
        with warnings.catch_warnings(), lines_inside_autocast(), calls_without_views():
            warnings.simplefilter("ignore")
            return _Functional(exported.run_decompositions({}))
    except Exception as error:  # torch raises anything from here: AssertionError, RuntimeError, KeyError, ...
        for finding in _unwritable(captured, writers, error):
            sink.emit(finding)
        return _Functional(exported, unwritable=tuple(writers))


def _graphs(exported: ExportedProgram) -> dict[str, fx.Graph]:
    """The graph of a program under no name, and those of its branches and bodies by their paths."""
    inner = _subgraphs(exported.graph_module, exported.graph, "")
    return {"": exported.graph, **{path: body.graph for path, body in inner}}


def _unwritable(captured: CapturedProgram, writers: list[fx.Node], error: Exception) -> Iterator[Finding]:
    """Why the program cannot be made functional."""
    exported, sources = captured.exported, captured.sources
    written = dict(_operands_written(exported.graph_module, exported.graph))
    for writer, name in written.items():
        yield ControlFlowMisfit(sources.site(writer), name, "a function of it writes into its operand")
    # what a stand-in knows of sizes that depend on data is less than a capture would know: no word on the model
    lacking = captured.recovered and any(map(is_about_data, chain_of(error)))
    if written or lacking:
        return
    named = next((writer for writer in writers if has_taken_name(writer.target)), None)
    reason = "torch takes its argument `mode` for one of its own" if named is not None else first_line(error)
    writer = named or writers[0]
    yield NotFunctional(sources.site(writer), called(writer), reason)


def _operands_written(owner: torch.nn.Module, graph: fx.Graph) -> Iterator[tuple[fx.Node, str]]:
    """The nodes in branches and bodies that write into an operand, with the control flow that they are given to."""
    for node in graph.nodes:
        name = control_flow_called(node.target)
        for argument in node.all_input_nodes if name else ():
            body = attribute(owner, str(argument.target)) if argument.op == "get_attr" else None
            if isinstance(body, fx.GraphModule):
                writers = [each for each in body.graph.nodes if is_operator(each) and mutates(each)]
                yield from ((writer, name) for writer in writers if _written_root(writer).op == "placeholder")
                yield from _operands_written(body, body.graph)


def _written_root(node: fx.Node) -> fx.Node:
    """What a node writes into, or is a view of, as far back as it goes."""
    while isinstance(node.target, OpOverload) and node.args and isinstance(node.args[0], fx.Node):
        if not any(result.alias_info is not None for result in schema(node.target).returns):
            break
        node = node.args[0]
    return node


def _refuse_fake_constants(captured: CapturedProgram) -> None:
    """A capture may hold fake tensors as constants (`weight.data.mul_()`); a retrace of those ends the process."""
    if any(fake_mode_of(value) for value in captured.exported.constants.values()):
        raise ValueError("the captured graph holds a tensor that has lost its values, as `.data` gives one")
