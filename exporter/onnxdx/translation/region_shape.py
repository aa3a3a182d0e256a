"""The shape of a region: equal for regions that are translated to equal ONNX, whatever their nodes are called.

It is what translation depends on: operators, their constants, wiring, dtypes and sizes, which functions stand for them,
and the calls inside. It holds no weights: those are inputs of the region.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import fx

from onnxdx.graph.operators import is_higher_order
from onnxdx.values import DispatchPlan, Region

_WORTH_SHARING = 6
"""Regions of fewer nodes are translated as fast as a copy of them is made."""


def inputs_of(region: Region) -> list[fx.Node]:
    """The nodes that a region reads and does not compute, in the order in which it first reads them."""
    nodes = list(region.nodes())
    found: dict[fx.Node, None] = {}
    for node in nodes:
        found.update(dict.fromkeys(node.all_input_nodes))
    for node in nodes:
        found.pop(node, None)
    return list(found)


def outputs_of(region: Region) -> list[fx.Node]:
    """The nodes of a region that something outside of it reads."""
    members = dict.fromkeys(region.nodes())
    return [node for node in members if any(user not in members for user in node.users)]


def shape_of(region: Region, plan: DispatchPlan) -> Hashable | None:
    """The shape of a region; None when it has control flow, whose bodies are not looked into."""
    if any(is_higher_order(node) for node in region.nodes()):
        return None
    numbers = {node: number for number, node in enumerate([*inputs_of(region), *region.nodes()])}
    outputs = tuple(numbers[node] for node in outputs_of(region))
    return (tuple(_items(region, plan, numbers)), outputs)


def with_repeated(root: Region, plan: DispatchPlan) -> Region:
    """The root of a flat program with only those regions left that occur more than once, to be translated once.

    A region inside of such a region is flat, one around them is dissolved.
    """
    shapes: dict[int, Hashable] = {}
    level = [item for item in root.items if isinstance(item, Region)]
    while level:
        found = {id(region): shape_of(region, plan) for region in _alike(level)}
        times = Counter(shape for shape in found.values() if shape is not None)
        repeated = {key: shape for key, shape in found.items() if shape is not None and times[shape] > 1}
        shapes |= repeated
        level = [
            item for region in level if id(region) not in repeated for item in region.items if isinstance(item, Region)
        ]
    if not shapes:
        return replace(root, items=tuple(node for node in root.nodes()))
    return replace(root, items=tuple(_kept(root, shapes)))


def _kept(region: Region, shapes: Mapping[int, Hashable]) -> Iterator[fx.Node | Region]:
    for item in region.items:
        if not isinstance(item, Region):
            yield item
        elif id(item) in shapes:
            yield replace(item, items=tuple(item.nodes()), shape=shapes[id(item)])
        else:
            yield from _kept(item, shapes)


def _alike(regions: Iterable[Region]) -> Iterator[Region]:
    """The regions worth sharing that may have the shape of another: of the same class and size."""
    groups: dict[tuple[str, int], list[Region]] = {}
    for region in regions:
        groups.setdefault((region.class_name, sum(1 for _ in region.nodes())), []).append(region)
    for (_, count), group in groups.items():
        if count >= _WORTH_SHARING and len(group) > 1:
            yield from group


def _items(region: Region, plan: DispatchPlan, numbers: Mapping[fx.Node, int]) -> Iterator[Hashable]:
    for item in region.items:
        if isinstance(item, Region):
            yield ("call", item.class_name, item.operator, tuple(_items(item, plan, numbers)))
        else:
            yield _node(item, plan, numbers)


def _node(node: fx.Node, plan: DispatchPlan, numbers: Mapping[fx.Node, int]) -> Hashable:
    placement = plan.placements.get(node)
    function = None if placement is None else (id(placement.entry.function), tuple(placement.casts.items()))
    kwargs = tuple((name, _argument(value, numbers)) for name, value in node.kwargs.items())
    return (node.op, node.target, _argument(node.args, numbers), kwargs, _value(node.meta.get("val")), function)


def _argument(argument: Any, numbers: Mapping[fx.Node, int]) -> Hashable:
    if isinstance(argument, fx.Node):
        return ("node", numbers[argument])
    if isinstance(argument, (list, tuple)):
        return tuple(_argument(item, numbers) for item in argument)
    if isinstance(argument, slice):
        return ("slice", _argument((argument.start, argument.stop, argument.step), numbers))
    return constant(argument)


def constant(value: object) -> Hashable:
    """A Python value by its type and text: `1`, `1.0` and `True` are equal in Python, and so are `0.0` and `-0.0`."""
    return (type(value).__name__, repr(value))


def _value(value: Any) -> Hashable:
    if isinstance(value, torch.Tensor):
        return (value.dtype, value.layout, tuple(_size(size) for size in value.shape))
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return (type(value).__name__, value.node.expr)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_value(item) for item in value)
    return constant(value)


def _size(size: int | torch.SymInt) -> Hashable:
    return size if isinstance(size, int) else size.node.expr
