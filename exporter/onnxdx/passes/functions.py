"""Functions: decide which nn.Module calls and which operators become ONNX functions.

A module call can be a function when its nodes can be computed together: no value may leave the call and come back into
it. The plan is a tree of regions; everything that is not in a function is in the root region.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import fx

from onnxdx.compat.torch_operators import OpOverload, name_of
from onnxdx.graph.operators import computed
from onnxdx.memory import Same
from onnxdx.translation.region_shape import with_repeated
from onnxdx.values import DispatchPlan, FunctionPlan, Region
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx401_module_interleaved import ModuleInterleaved
from onnxdx_diagnostics.rules.dx402_module_in_branch import ModuleInBranch
from onnxdx_diagnostics.rules.dx403_no_module_boundaries import NoModuleBoundaries
from onnxdx_diagnostics.sink import Collector, Sink


class _Call(NamedTuple):
    """One call of a module. `key` tells the calls of a module apart ("L__self__dropout@1" is the second one)."""

    key: str
    path: str
    class_name: str


_Calls = tuple[_Call, ...]
"""The module calls around a node, outermost first, without the root."""


def run(plan: DispatchPlan, sink: Sink) -> FunctionPlan:
    """The regions of the program; with `functions="none"` just the module calls that occur repeatedly."""
    program, asked = plan.program, plan.program.captured.request.options.functions
    nodes = computed(program.graph)
    root = Region("", "", nodes)
    if asked == "none":
        return FunctionPlan(plan, with_repeated(_modules(plan, nodes, Collector()), plan))
    if asked in ("modules", "all"):
        root = _modules(plan, nodes, sink)
        in_branches = _calls_in_branches(plan)
        for path, site in in_branches.items():
            sink.emit(ModuleInBranch(site, path))
        if asked == "modules" and not in_branches and not any(isinstance(item, Region) for item in root.items):
            sink.emit(NoModuleBoundaries(program.captured.sources.fallback()))
    if asked == "modules":
        return FunctionPlan(plan, root)
    bodies = {path: _operators(computed(graph), plan) for path, graph in program.subgraphs.items()}
    return FunctionPlan(plan, replace(root, items=_operators(root.items, plan)), bodies)


def _modules(plan: DispatchPlan, nodes: Sequence[fx.Node], sink: Sink) -> Region:
    """The module calls of the main graph as regions."""
    captured = plan.program.captured

    def planned(nodes: Sequence[fx.Node], sink: Sink) -> Region:
        return _Planner(_module_calls(nodes), captured.sources, sink).region(_Call("", "", ""), nodes, 0)

    return captured.memory.said_once(("module calls", Same(plan.program.graph)), planned, nodes, sink)


def _operators(items: Sequence[fx.Node | Region], plan: DispatchPlan) -> tuple[fx.Node | Region, ...]:
    """The same items with each operator that has an ONNX function in a region of its own."""
    sources = plan.program.captured.sources
    found: list[fx.Node | Region] = []
    for item in items:
        if isinstance(item, Region):
            found.append(replace(item, items=_operators(item.items, plan)))
        elif item in plan.placements and isinstance(item.target, OpOverload):
            found.append(Region(sources.module_path(item), "", (item,), name_of(item.target)))
        else:
            found.append(item)
    return tuple(found)


def _module_calls(nodes: Sequence[fx.Node]) -> Mapping[fx.Node, _Calls]:
    """The module calls around each node. A node that torch inserted belongs where all its users belong."""
    calls: dict[fx.Node, _Calls] = {}
    sizes = _sizes_of_inputs(nodes)
    for node in reversed(nodes):
        stack = node.meta.get("nn_module_stack") or {}
        levels = tuple(
            _Call(key, path, _class_name(kind)) for key, (path, kind) in stack.items() if path and _is_path(path)
        )
        if node.op == "get_attr" or node in sizes:
            calls[node] = ()
        elif stack and not any(key.startswith("_empty_nn_module_stack") for key in stack):
            calls[node] = levels
        else:
            calls[node] = _common([calls[user] for user in node.users if user in calls])
    return calls


def _sizes_of_inputs(nodes: Sequence[fx.Node]) -> set[fx.Node]:
    """Arithmetic on sizes of the model's inputs: it is computed before all calls, since every layer may use it."""
    found: set[fx.Node] = set()
    for node in nodes:
        is_size = isinstance(node.meta.get("val"), (torch.SymInt, torch.SymFloat, torch.SymBool))
        if is_size and all(source.op == "placeholder" or source in found for source in node.all_input_nodes):
            found.add(node)
    return found


def _is_path(path: str) -> bool:
    return not path.startswith("_empty_nn_module_stack")


def _class_name(kind: object) -> str:
    return kind if isinstance(kind, str) else f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"


def _common(stacks: Sequence[_Calls]) -> _Calls:
    if not stacks:
        return ()
    shared = []
    for levels in zip(*stacks, strict=False):
        if len(set(levels)) > 1:
            break
        shared.append(levels[0])
    return tuple(shared)


class _Planner:
    def __init__(self, calls: Mapping[fx.Node, _Calls], sources: object, sink: Sink) -> None:
        self.calls = dict(calls)
        self.sources = sources
        self.sink = sink

    def region(self, call: _Call, nodes: Sequence[fx.Node], depth: int) -> Region:
        """The region of one call at a depth of the module stack, with the regions in it."""
        while True:
            groups: dict[_Call | fx.Node, list[fx.Node]] = {}
            for node in nodes:
                levels = self.calls[node]
                groups.setdefault(levels[depth] if len(levels) > depth else node, []).append(node)
            order, stuck = _order(groups)
            if not stuck:
                break
            self._dissolve(stuck, groups, depth)
        items = tuple(self.region(key, groups[key], depth + 1) if isinstance(key, _Call) else key for key in order)
        return Region(call.path, call.class_name, items)

    def _dissolve(
        self, stuck: Sequence[_Call | fx.Node], groups: Mapping[_Call | fx.Node, list[fx.Node]], depth: int
    ) -> None:
        """Give up the boundary of the smallest module call of a cycle: its nodes move up one level."""
        call = min((key for key in stuck if not isinstance(key, fx.Node)), key=lambda key: len(groups[key]))
        assert isinstance(call, _Call)
        members = groups[call]
        for node in members:
            levels = self.calls[node]
            self.calls[node] = levels[:depth] + levels[depth + 1 :]
        site = self.sources.site(members[0])  # type: ignore[attr-defined]
        self.sink.emit(ModuleInterleaved(site, call.path, call.class_name))


def _order(groups: Mapping[_Call | fx.Node, list[fx.Node]]) -> tuple[list[_Call | fx.Node], list[_Call | fx.Node]]:
    """The groups in an order in which they can be computed, the captured one where possible; and those in a cycle."""
    home = {node: key for key, members in groups.items() for node in members}
    position = {key: index for index, key in enumerate(groups)}
    needs = {key: set[_Call | fx.Node]() for key in groups}
    feeds = {key: set[_Call | fx.Node]() for key in groups}
    for key, members in groups.items():
        for node in members:
            for argument in node.all_input_nodes:
                source = home.get(argument)
                if source is not None and source is not key:
                    needs[key].add(source)
                    feeds[source].add(key)
    keys = list(groups)
    ready = [position[key] for key in keys if not needs[key]]
    heapq.heapify(ready)
    order: list[_Call | fx.Node] = []
    while ready:
        key = keys[heapq.heappop(ready)]
        order.append(key)
        for user in feeds[key]:
            needs[user].discard(key)
            if not needs[user]:
                heapq.heappush(ready, position[user])
    return order, _cycle({key: needs[key] for key in keys if needs[key]})


def _cycle(needs: Mapping[_Call | fx.Node, set[_Call | fx.Node]]) -> list[_Call | fx.Node]:
    """The members of one cycle of what is left, empty when nothing is left."""
    if not needs:
        return []
    import networkx

    graph = networkx.DiGraph((source, key) for key, sources in needs.items() for source in sources)
    return next(list(found) for found in networkx.strongly_connected_components(graph) if len(found) > 1)


def _calls_in_branches(plan: DispatchPlan) -> dict[str, Site]:
    """Module calls inside control flow, by path. They stay flat: a function cannot be told from the branch it is in."""
    sources = plan.program.captured.sources
    found: dict[str, Site] = {}
    for graph in plan.program.subgraphs.values():
        for node in graph.nodes:
            path = sources.module_path(node) if node.op == "call_function" else ""
            if path and path not in found:
                found[path] = sources.site(node)
    return found
