"""Operators that no ONNX function stands for, expressed by others: once for each (operator, argument metadata)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import fx
from torch.fx.node import map_arg

from onnxdx.compat.symbolic_sizes import ShapeEnv, shape_env_of, sizes_kept
from onnxdx.compat.torch_errors import is_about_data
from onnxdx.errors import first_line
from onnxdx.graph.decomposition import arguments_of, decompositions_of, traced, traced_again
from onnxdx.graph.operators import called, is_composition, is_operator, mutates, reads_packed, touches_layout
from onnxdx.memory import Memory, Same
from onnxdx.registry import Entry, WatchedRegistry, select
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.rules.dx127_dim_lost import DimLost
from onnxdx_diagnostics.rules.dx202_decomposition_fails import DecompositionFails
from onnxdx_diagnostics.rules.dx203_decomposition_dead_end import DecompositionDeadEnd
from onnxdx_diagnostics.rules.dx204_decomposition_differs import DecompositionDiffers
from onnxdx_diagnostics.sink import Sink


@dataclass(frozen=True)
class _Expansion:
    """An operator expressed by others: `graph` takes the operator's tensors and symbolic numbers, in order."""

    graph: fx.Graph
    constants: Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class _DeadEnd:
    """Why an operator could not be expanded.

    `leaves` are what it decomposes into that nothing can place, `fixed` the dims that the decomposition makes numbers
    of, by torch's names, with the numbers.
    """

    error: str = ""
    leaves: tuple[str, ...] = ()
    differs: str = ""
    fixed: tuple[tuple[str, int], ...] = ()
    needs_values: bool = False


_NO_DECOMPOSITION = _DeadEnd()


@dataclass(frozen=True)
class Tried:
    """What came of an expansion, as long as the registry has these entries for the operators that it was asked for."""

    found: _Expansion | _DeadEnd
    asked: Mapping[str, tuple[Entry, ...]]


@dataclass(frozen=True)
class _Rewritten:
    """A graph with its unplaceable nodes expanded; `origins` and `constants` are those of the DecomposedProgram."""

    graph: fx.Graph
    origins: dict[fx.Node, fx.Node]
    constants: dict[str, torch.Tensor]


@dataclass
class Expander:
    captured: CapturedProgram
    sink: Sink
    registry: WatchedRegistry
    opset_version: int
    memory: Memory
    known: dict[Hashable, Tried]
    constants: dict[str, torch.Tensor] = field(default_factory=dict)
    origins: dict[fx.Node, fx.Node] = field(default_factory=dict)

    def rewrite(self, graph: fx.Graph, dead_ends: set[fx.Node]) -> fx.Graph:
        """The graph with its dead nodes left out and its unplaceable nodes expanded; itself if there are none."""
        live = _live(graph)
        expansions: dict[fx.Node, _Expansion] = {}
        stuck: set[fx.Node] = set()
        for node in graph.nodes:
            if node not in live or not is_operator(node) or node in dead_ends or touches_layout(node):
                continue
            if reads_packed(node):
                stuck.add(node)
                continue
            if self._placeable(node):
                continue
            found = self._expansion(node)
            if isinstance(found, _Expansion):
                expansions[node] = found
            elif self._explain(node, found):
                stuck.add(node)
        dead_ends.update(stuck)
        if not expansions and len(live) == len(graph.nodes):
            return graph
        # with the same expansions it is the same graph, with all that is known of its nodes
        key = ("rewritten", Same(graph), frozenset((node, Same(found)) for node, found in expansions.items()))
        rewritten = self.memory.once(key, lambda: self._copy(graph, live, expansions))
        self.origins.update(rewritten.origins)
        self.constants.update(rewritten.constants)
        dead_ends.update(new for new, old in rewritten.origins.items() if old in dead_ends)
        return rewritten.graph

    def _copy(self, graph: fx.Graph, live: set[fx.Node], expansions: Mapping[fx.Node, _Expansion]) -> _Rewritten:
        copy = fx.Graph()
        rewritten = _Rewritten(copy, {}, {})
        new: dict[fx.Node, Any] = {}
        for node in graph.nodes:
            if node not in live:
                continue
            if node in expansions:
                new[node] = _splice(rewritten, node, expansions[node], new)
                continue
            source = new.get(node.args[0]) if node.target is operator.getitem else None
            if isinstance(source, tuple):
                new[node] = source[node.args[1]]
                continue
            new[node] = copy.node_copy(node, lambda old: new[old])
            rewritten.origins[new[node]] = node
        return rewritten

    def _placeable(self, node: fx.Node) -> bool:
        return select(self.registry, node, self.opset_version) is not None

    def _expansion(self, node: fx.Node) -> _Expansion | _DeadEnd:
        key = _metadata_key(node)
        tried = self.known.get(key)
        if tried is None or any(self.registry.entries(name) != entries for name, entries in tried.asked.items()):
            with self.registry.watched() as asked:
                tried = Tried(self._expand(node), asked)
            self.known[key] = tried
        return tried.found

    def _expand(self, node: fx.Node) -> _Expansion | _DeadEnd:
        """The first decomposition that ends in placeable operators; else what is wrong with the first there is."""
        found: _Expansion | _DeadEnd = _NO_DECOMPOSITION
        for body in decompositions_of(node.target):
            tried = self._expand_by(body, node)
            if isinstance(tried, _Expansion):
                return tried
            found = tried if found is _NO_DECOMPOSITION else found
        return found

    def _expand_by(self, body: Callable[..., Any], node: fx.Node) -> _Expansion | _DeadEnd:
        asked = {str(size) for dim, size in self.captured.asked.items() if not dim.loose}
        with sizes_kept(self.env, asked) as fixed:
            try:
                module = traced(body, node)
            except Exception as error:  # a decomposition is foreign code: anything can come out of it
                return _DeadEnd(error=first_line(error), needs_values=is_about_data(error))
        if fixed:
            with sizes_kept(self.env, asked) as still_fixed:
                module = traced_again(module, node)
            if still_fixed or _sizes(node) != _results(module.graph):
                return _DeadEnd(fixed=tuple(fixed.items()))
        with sizes_kept(self.env, asked) as fixed:
            expansion = self._expansion_by(module, node)
        return _DeadEnd(fixed=tuple(fixed.items())) if fixed else expansion

    @cached_property
    def env(self) -> ShapeEnv | None:
        """The symbols of the capture."""
        return shape_env_of(self.captured.exported)

    def _expansion_by(self, module: fx.GraphModule, node: fx.Node) -> _Expansion | _DeadEnd:
        difference = _difference(node, module.graph)
        if difference:
            return _DeadEnd(differs=difference)
        inner = Expander(
            self.captured, _Silent(), self.registry, self.opset_version, Memory(), self.known, self.constants
        )
        stuck: set[fx.Node] = set()
        graph = inner.rewrite(module.graph, stuck)
        leaves = [step for step in graph.nodes if is_operator(step) and (step in stuck or not self._placeable(step))]
        if leaves:
            names = tuple(dict.fromkeys(str(leaf.target) for leaf in leaves))
            return _NO_DECOMPOSITION if all(map(_is_prim, names)) else _DeadEnd(leaves=names)
        constants = {
            str(step.target): getattr(module, str(step.target))
            for step in module.graph.nodes
            if step.op == "get_attr" and isinstance(getattr(module, str(step.target), None), torch.Tensor)
        }
        return _Expansion(graph, {**self.constants, **constants})

    def _explain(self, node: fx.Node, dead_end: _DeadEnd) -> bool:
        """Say why the node could not be expanded; False when dispatch can say more.

        That is when there is nothing to expand, or when the operator has functions, none of which fits this node.
        """
        if dead_end is _NO_DECOMPOSITION or self.registry.entries(node.target):
            return False
        site = self.captured.sources.site(node)
        for symbol, size in dead_end.fixed:
            self.sink.emit(DimLost(site, self.captured.dims.get(symbol, symbol), size, called(node)))
        if dead_end.needs_values and self.captured.recovered and is_composition(node):
            return True  # this is what the capture failed on, and has said
        if dead_end.needs_values:
            reason = "it computes with the values of a tensor, which are not known"
            self.sink.emit(DecompositionFails(site, called(node), reason))
        elif dead_end.error:
            self.sink.emit(DecompositionFails(site, called(node), dead_end.error))
        elif dead_end.differs:
            self.sink.emit(DecompositionDiffers(site, called(node), dead_end.differs))
        elif dead_end.leaves:
            self.sink.emit(DecompositionDeadEnd(site, called(node), dead_end.leaves))
        return True


def _splice(rewritten: _Rewritten, node: fx.Node, expansion: _Expansion, new: Mapping[fx.Node, Any]) -> Any:
    """Inline an expansion; its nodes belong to the user's line and module of the node they stand for."""
    inputs = iter([new[argument] for argument in arguments_of(node)])
    inner: dict[fx.Node, Any] = {}
    inherited = {key: node.meta[key] for key in ("stack_trace", "nn_module_stack") if key in node.meta}
    for step in expansion.graph.nodes:
        if step.op == "placeholder":
            inner[step] = next(inputs)
        elif step.op == "output":
            result = map_arg(step.args[0], lambda old: inner[old])
            if isinstance(result, fx.Node) and not isinstance(step.args[0], (tuple, list)):
                result.meta = {**result.meta, "val": node.meta.get("val")}
            return tuple(result) if isinstance(result, list) else result
        else:
            inner[step] = rewritten.graph.node_copy(step, lambda old: inner[old])
            rewritten.origins[inner[step]] = node
            inner[step].meta = {"val": step.meta.get("val"), "expanded_from": called(node), **inherited}
            if step.op == "get_attr":
                name = f"{node.name}_{step.target}"
                rewritten.constants[name] = expansion.constants[step.target]
                inner[step].target = name
    raise AssertionError("an fx graph ends in an output node")


class _Silent:
    """The sink of an expansion inside an expansion: the outermost operator is the one to report."""

    def emit(self, finding: object) -> None:
        """Nothing: the caller sees that a leaf is left."""

    def record(self, facts: Mapping[str, str | int | float]) -> None:
        """Nothing: the outermost expansion is what is timed."""


def _is_prim(name: str) -> bool:
    """Whether an operator is one of torch's primitives, below the ATen operators that users know."""
    return name.startswith("prims.")


def _difference(node: fx.Node, graph: fx.Graph) -> str:
    """How the results of a decomposition differ from the operator's, in dtype or rank; empty when they do not."""
    (output,) = (step for step in graph.nodes if step.op == "output")
    theirs = output.args[0]
    expected = node.meta.get("val")
    got = [step.meta.get("val") if isinstance(step, fx.Node) else step for step in _as_tuple(theirs)]
    for index, (want, have) in enumerate(zip(_as_tuple(expected), got, strict=False)):
        if not isinstance(want, torch.Tensor) or not isinstance(have, torch.Tensor):
            continue
        if want.dtype != have.dtype:
            return f"result {index} has dtype {have.dtype}, not {want.dtype}"
        if want.dim() != have.dim():
            return f"result {index} has {have.dim()} dimensions, not {want.dim()}"
    return ""


def _sizes(node: fx.Node) -> list[str]:
    return [str(tuple(each.shape)) for each in _as_tuple(node.meta.get("val")) if isinstance(each, torch.Tensor)]


def _results(graph: fx.Graph) -> list[str]:
    """The sizes of what a graph returns."""
    (output,) = (step for step in graph.nodes if step.op == "output")
    return [size for step in _as_tuple(output.args[0]) if isinstance(step, fx.Node) for size in _sizes(step)]


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _metadata_key(node: fx.Node) -> Hashable:
    """What an expansion depends on: the operator, its constants, and dtype, shape and layout of its tensors."""

    def describe(argument: fx.Node) -> Any:
        value = argument.meta.get("val")
        if isinstance(value, torch.Tensor):
            return ("tensor", str(value.dtype), str(tuple(value.shape)), str(value.device))
        return (type(value).__name__, str(value))

    return (called(node), repr(map_arg((node.args, node.kwargs), describe)))


def _live(graph: fx.Graph) -> set[fx.Node]:
    """The nodes that the outputs depend on, all inputs, and whatever writes."""
    live: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        writes = node.op == "call_function" and mutates(node)
        if node.op in ("placeholder", "output") or node in live or writes:
            live.add(node)
            live.update(node.all_input_nodes)
    return live
