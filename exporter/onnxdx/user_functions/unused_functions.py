"""ONNX functions that the user registered for an operator of this model, and that nothing leads to all the same."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import fx

from onnxdx.compat.torch_operators import OpOverload, name_of, operator_names
from onnxdx.graph.decomposition import decompositions_of, traced
from onnxdx.graph.operators import called_graphs, is_operator
from onnxdx.registry import Entry, OnnxRegistry, key_of, select
from onnxdx.values import DecomposedProgram, Placement
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.rules.dx310_function_unused import FunctionUnused
from onnxdx_diagnostics.source import region

_OF_PYTHON = frozenset({"_operator", "math", "builtins", "torch"})
"""Namespaces of functions on sizes, which are no operators of torch."""


def unused_functions(
    program: DecomposedProgram, registry: OnnxRegistry, placements: Mapping[fx.Node, Placement]
) -> Iterator[FunctionUnused]:
    """Why each of the user's functions that stands for no node does not, where the model gives a reason to expect it.

    A registry may serve many models: that an operator does not occur in this one is no fault.
    """
    used = {id(placement.entry) for placement in placements.values()}
    entries = [entry for found in registry.user.values() for entry in found if id(entry) not in used]
    if not entries:
        return
    search = _Search(program, registry, placements)
    for entry in entries:
        why, meant = search.reason(entry)
        if why:
            path, _, line = entry.registered.rpartition(":")
            site = Site(region(path, int(line))) if program.captured.sources.is_user(path) else None
            yield FunctionUnused(site or program.captured.sources.fallback(), entry.operator, why, meant)


@dataclass
class _Search:
    program: DecomposedProgram
    registry: OnnxRegistry
    placements: Mapping[fx.Node, Placement]

    def reason(self, entry: Entry) -> tuple[str, tuple[str, ...]]:
        """Why the function is not used, and the operators that it may be meant for; empty when there is none."""
        key = entry.operator
        packet = key.partition(".")[0]
        overloads = tuple(name for name in self.calls if name.partition(".")[0] == packet and name != key)
        nodes = self.decomposed.get(key)
        if nodes:
            opset = self.program.captured.request.options.opset_version
            chosen = any(select(self.registry, node, opset) is entry for node in nodes)
            return ("" if chosen or key in self.unplaced else self._comes_first(entry)), ()
        if not exists(key):
            meant = tuple(name for name in self.unplaced if misnamed(self.registry, name) is entry)
            near = (
                meant
                or overloads
                or tuple(difflib.get_close_matches(key, self.calls, 2, 0.75))
                or self._namesakes(packet)
                or tuple(difflib.get_close_matches(key, operator_names(key.partition("::")[0]), 2, 0.75))
            )
            return "torch has no operator of this name", near
        if packet.endswith("_") and key in self.calls:
            return "torch rewrites what is written in place", (key.replace(packet, packet[:-1], 1),)
        if key in self.calls:
            return "", ()
        placed = {key_of(node.target) for node in self.placements}
        unserved = tuple(name for name in overloads if name not in self.registry.user and name in placed)
        if unserved:
            return f"the model calls `{unserved[0]}`", unserved
        whole = next((name for name, leaves in self.leaves.items() if key in leaves), "")
        if whole:
            return f"`{whole}`, which the model calls, is translated as a whole", (whole,)
        return "", ()

    def _comes_first(self, entry: Entry) -> str:
        """Why another function is chosen; empty where one file overrides what another has registered."""
        others = self.registry.user[entry.operator]
        first = next(other for other in others if other.complex == entry.complex)
        if first is not entry:
            same_file = _file_of(first) == _file_of(entry)
            return f"the one registered at {first.registered} comes first" if same_file else ""
        kinds = ("complex", "real") if entry.complex else ("real", "complex")
        return f"it is for {kinds[0]} tensors, and the model has {kinds[1]} ones there"

    def _namesakes(self, packet: str) -> tuple[str, ...]:
        """Operators of the model that have the name in another namespace."""
        own = packet.partition("::")[2]
        return tuple(name for name in self.calls if name.partition("::")[2].partition(".")[0] == own)

    @cached_property
    def calls(self) -> tuple[str, ...]:
        """The operators of the captured graph, before anything was rewritten."""
        exported = self.program.captured.exported
        graphs = [exported.graph, *(body.graph for _, body in called_graphs(exported.graph_module, exported.graph))]
        return tuple(
            dict.fromkeys(key_of(node.target) for graph in graphs for node in graph.nodes if is_operator(node))
        )

    @cached_property
    def decomposed(self) -> Mapping[str, list[fx.Node]]:
        """The nodes that dispatch sees, by operator."""
        found: dict[str, list[fx.Node]] = {}
        for node in (node for _, graph in self.program.graphs() for node in graph.nodes if is_operator(node)):
            found.setdefault(key_of(node.target), []).append(node)
        return found

    @cached_property
    def unplaced(self) -> Set[str]:
        """The operators that dispatch has found no function for, and said so."""
        return {key for key, nodes in self.decomposed.items() if any(node not in self.placements for node in nodes)}

    @cached_property
    def leaves(self) -> Mapping[str, Set[str]]:
        """What each operator that has a function would decompose into."""
        found: dict[str, Set[str]] = {}
        for node in self.placements:
            name = key_of(node.target)
            if name not in found:
                found[name] = _leaves(node)
        return found


def misnamed(registry: OnnxRegistry, operator: str) -> Entry | None:
    """The user's function that seems to be meant for an operator, but is registered for a name that torch has not."""
    strangers = {_plain(key): entries[0] for key, entries in registry.user.items() if not exists(key)}
    own = _plain(operator)
    overloads = [name for name in strangers if name.startswith(f"{own}.")]
    near = overloads or difflib.get_close_matches(own, strangers, 1, 0.8)
    return strangers[near[0]] if near else None


def _plain(key: str) -> str:
    """A name with dots only, as operators are called in Python, without the default overload."""
    return key.removeprefix("torch.ops.").replace("::", ".").removesuffix(".default")


def _leaves(node: fx.Node) -> Set[str]:
    for body in decompositions_of(node.target):
        try:
            return {key_of(step.target) for step in traced(body, node).graph.nodes if is_operator(step)}
        except Exception:  # a decomposition is foreign code: anything can come out of it
            continue
    return frozenset()


def exists(key: str) -> bool:
    """Whether torch, or a library that is loaded, has the operator."""
    namespace, _, name = key.partition("::")
    if namespace in _OF_PYTHON:
        return True
    packet, _, overload = name.partition(".")
    found = getattr(getattr(torch.ops, namespace), packet, None)
    target = getattr(found, overload or "default", None)
    return isinstance(target, OpOverload) and name_of(target) == key


def _file_of(entry: Entry) -> str:
    return entry.registered.rpartition(":")[0]
