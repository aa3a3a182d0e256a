"""Calls of operators that write into their arguments, in a graph that is functional: each a call that returns instead.

What functionalisation makes of such a call gives None, lists and results in one tuple, under a name of its own. The
operator that returns (`compat/writing_operators.py`) is one like any other, with the user's name.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx

from onnxdx.compat.torch_operators import schema
from onnxdx.compat.writing_operators import storage_of, write_of, written_names


def returning_calls(graph: fx.Graph) -> fx.Graph:
    """The graph with every call of an operator that writes as one that returns; itself where there is none."""
    if not any(_is_rewritten(node) for node in graph.nodes):
        return graph
    copy = fx.Graph()
    new: dict[fx.Node, Any] = {}
    calls: dict[fx.Node, _Call] = {}
    for node in graph.nodes:
        source = node.args[0] if node.target is operator.getitem else None
        if _is_rewritten(node):
            calls[node] = _Call(copy, node, new)
        elif isinstance(source, fx.Node) and source in calls:
            new[node] = calls[source].part(node.args[1])
        elif isinstance(source, fx.Node) and isinstance(new.get(source), list):
            new[node] = new[source][node.args[1]]
        else:
            new[node] = copy.node_copy(node, new.__getitem__)
    return copy


def hindrance(node: fx.Node) -> str:
    """Why a call of an operator that writes has no form that returns, as a clause about the operator; mostly empty."""
    write = write_of(node)
    if write is None:
        return "it writes into its arguments"
    written = [each for name in written_names(write.target) for each in _tensors(write.arguments[name])]
    if any(_may_overlap(one, other) for one, other in itertools.combinations(written, 2)):
        return "two of the arguments that it writes into may share elements"
    return ""


def _is_rewritten(node: fx.Node) -> bool:
    return write_of(node) is not None and not hindrance(node)


class _Call:
    """The call in the copied graph, and which of its results each part of the original is."""

    def __init__(self, copy: fx.Graph, node: fx.Node, new: dict[fx.Node, Any]) -> None:
        write = write_of(node)
        assert write is not None
        given = fx.node.map_arg(dict(write.arguments), new.__getitem__)
        parameters = schema(write.target).arguments
        args = tuple(given[each.name] for each in parameters if not each.kwarg_only)
        kwargs = {each.name: given[each.name] for each in parameters if each.kwarg_only and each.name in given}
        name = schema(write.target).name.partition("::")[2]
        self._parts = write.parts
        self._copy = copy
        self._node = copy.create_node("call_function", write.target, args, kwargs, name)
        self._node.meta = {**node.meta, "val": write.results(node.meta["val"])}

    def part(self, index: int) -> Any:
        """What stands for the part of the original: a node, or a list of nodes."""
        place = self._parts[index]
        return [self._item(each) for each in place] if isinstance(place, list) else self._item(place)

    def _item(self, place: int) -> fx.Node:
        known = self._node.meta["val"]
        if not isinstance(known, (list, tuple)):
            return self._node
        item = self._copy.call_function(operator.getitem, (self._node, place))
        item.meta = {**self._node.meta, "val": known[place]}
        return item


def _tensors(given: Any) -> Iterator[torch.Tensor]:
    for each in given if isinstance(given, (list, tuple)) else [given]:
        if isinstance(each, fx.Node):
            yield each.meta["val"]


_MOST_ELEMENTS = 2**22
"""So many elements of a view are looked at, one by one."""


def _may_overlap(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two captured tensors have elements in common, as far as it can be told."""
    if storage_of(one) != storage_of(other):
        return False
    ours, theirs = _places(one), _places(other)
    return ours is None or theirs is None or bool(torch.isin(ours, theirs).any())


def _places(view: torch.Tensor) -> torch.Tensor | None:
    """Where in its storage the elements of a tensor stand; None where sizes are open, or it has too many."""
    layout = (*view.shape, *view.stride(), view.storage_offset())
    if not all(isinstance(each, int) for each in layout) or view.numel() > _MOST_ELEMENTS:
        return None
    places = torch.tensor(view.storage_offset())
    for size, stride in zip(view.shape, view.stride(), strict=True):
        places = places.unsqueeze(-1) + torch.arange(size) * stride
    return places.flatten()
