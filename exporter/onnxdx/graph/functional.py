"""In-place operators on fresh tensors, made functional without a retrace.

`relu_(conv(x))` is `relu(conv(x))` when nothing else sees the result of the convolution in between. That is the common
case of a mutation (activations with `inplace=True`), and a retrace of the whole program costs about as much as its
capture. Everything else - writes into views, inputs, buffers - is left to torch's functionalisation.
"""

from __future__ import annotations

import operator

import torch
from torch import fx

from onnxdx.compat.torch_operators import OpOverload, is_composite, name_of, schema
from onnxdx.graph.operators import mutates

_ALWAYS_FRESH = frozenset(
    {
        "aten::conv1d", "aten::conv2d", "aten::conv2d.padding", "aten::conv3d", "aten::conv_transpose1d",
        "aten::conv_transpose2d.input", "aten::linear", "aten::batch_norm", "aten::group_norm", "aten::layer_norm",
        "aten::instance_norm", "aten::matmul", "aten::relu6", "aten::silu", "aten::embedding", "aten::max_pool2d",
    }
)  # fmt: skip
"""Composite operators that never hand out one of their arguments; of the others (reshape, dropout, to) one may."""


def locally_functional(graph: fx.Graph) -> fx.Graph | None:
    """The graph without mutations, or None when one of them is more than an in-place operator on a fresh tensor."""
    copy = fx.Graph()
    current: dict[fx.Node, fx.Node] = {}
    fresh: set[fx.Node] = set()
    seen_by_others: set[fx.Node] = set()
    for node in graph.nodes:
        if node.op == "call_function" and mutates(node):
            out_of_place = _functional_variant(node.target)
            written = node.args[0] if node.args else None
            if out_of_place is None or written not in fresh or written in seen_by_others:
                return None
            new = copy.node_copy(node, lambda old: current[old])
            new.target = out_of_place
            current[node] = current[written] = new
            _share(node, written, fresh)
            continue
        current[node] = copy.node_copy(node, lambda old: current[old])
        if _makes_fresh(node):
            fresh.add(node)
        elif node.op not in ("placeholder", "output"):
            seen_by_others.update(node.all_input_nodes)
    return copy


def _share(node: fx.Node, written: object, fresh: set[fx.Node]) -> None:
    """After `b = relu_(a)` both names are one tensor: it is fresh only if nothing else has seen it."""
    assert isinstance(written, fx.Node)
    fresh.discard(written)
    fresh.discard(node)
    if all(user is node for user in written.users):
        fresh.add(node)


def _makes_fresh(node: fx.Node) -> bool:
    target = node.target
    if target is operator.getitem:
        source = node.args[0]
        alone = isinstance(source, fx.Node) and all(user is node or user.args != node.args for user in source.users)
        return alone and isinstance(source, fx.Node) and _makes_fresh(source)
    if node.op != "call_function" or not isinstance(target, OpOverload):
        return False
    if any(result.alias_info is not None for result in schema(target).returns):
        return False
    return name_of(target) in _ALWAYS_FRESH or not is_composite(target)


def _functional_variant(target: object) -> OpOverload | None:
    """`aten.relu` of `aten.relu_`: the same arguments, but a result of its own."""
    if not isinstance(target, OpOverload) or target.namespace != "aten" or torch.Tag.inplace_view in target.tags:
        return None
    name, _, overload = name_of(target).removeprefix("aten::").partition(".")
    if not name.endswith("_"):
        return None
    packet = getattr(torch.ops.aten, name[:-1], None)
    found = getattr(packet, overload or "default", None)
    if not isinstance(found, OpOverload) or schema(found).is_mutable:
        return None
    wanted = [argument.name for argument in schema(target).arguments]
    return found if [argument.name for argument in schema(found).arguments] == wanted else None
