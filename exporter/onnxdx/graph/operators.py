"""What the operators of a captured graph are: assertions, aliases, mutations, higher-order operators."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx

from onnxdx.compat.torch_operators import HigherOrderOperator, OpOverload, is_composite, is_functorch, name_of, schema

_ASSERTIONS = frozenset(
    {
        "aten::_assert_async",
        "aten::_assert_async.msg",
        "aten::_assert_scalar",
        "aten::_assert_tensor_metadata",
        "aten::sym_constrain_range",
        "aten::sym_constrain_range_for_size",
        "aten::_functional_assert_async.msg",
        "aten::_functional_assert_scalar",
        "aten::_print",
    }
)
"""Operators that compute nothing: they check what capture has already reported."""

_DROPOUTS = frozenset(
    {"aten::dropout_", "aten::alpha_dropout_", "aten::feature_dropout_", "aten::feature_alpha_dropout_"}
)
"""In-place dropout writes nothing in eval mode."""

_OF_PACKED = frozenset(
    {
        "aten::lstm.data", "aten::gru.data", "aten::rnn_tanh.data", "aten::rnn_relu.data", "aten::_pad_packed_sequence",
    }
)  # fmt: skip
"""Operators on rows of unequal length, one after the other."""

_GRAD_MODES = frozenset({"wrap_with_set_grad_enabled", "_set_grad_enabled", "set_grad_enabled"})


def called(node: fx.Node) -> str:
    """What a node calls, in words that stay the same from run to run: "aten.add.Tensor", "torch.sym_max"."""
    target = node.target
    if isinstance(target, (str, OpOverload, HigherOrderOperator)):
        return str(target)
    module = (getattr(target, "__module__", None) or "").lstrip("_")
    return ".".join(filter(None, [module, getattr(target, "__name__", type(target).__name__)]))


def computed(graph: fx.Graph) -> tuple[fx.Node, ...]:
    """The nodes of a graph that are neither its inputs nor its output."""
    return tuple(node for node in graph.nodes if node.op in ("call_function", "get_attr"))


def is_assertion(node: fx.Node) -> bool:
    """Whether the node only checks something, in the order of effects perhaps (`with_effects`)."""
    if getattr(node.target, "__name__", "") == "with_effects":
        inner = node.args[1] if len(node.args) > 1 else None
        return isinstance(inner, OpOverload) and not schema(inner).returns
    return isinstance(node.target, OpOverload) and name_of(node.target) in _ASSERTIONS


def is_higher_order(node: fx.Node) -> bool:
    """Whether the node takes graphs as arguments (cond, while_loop, scan, map, ...)."""
    return isinstance(node.target, HigherOrderOperator)


def is_grad_mode(node: fx.Node) -> bool:
    """Whether the node is about gradients only, which an exported model has none of."""
    return getattr(node.target, "__name__", "") in _GRAD_MODES


def is_operator(node: fx.Node) -> bool:
    """Whether the node computes something that an ONNX function has to stand for."""
    if node.op != "call_function" or node.target is operator.getitem or is_assertion(node):
        return False
    return not is_higher_order(node) and not is_grad_mode(node)


def mutates(node: fx.Node) -> bool:
    """Whether the node writes into one of its arguments, or changes what other nodes mean (the levels of a vmap)."""
    target = node.target
    if is_functorch(target):
        return True
    if isinstance(target, HigherOrderOperator):
        return name_of(target) == "wrap_with_autocast"
    if not isinstance(target, OpOverload):
        return False
    if name_of(target) == "aten::detach_" or (name_of(target) in _DROPOUTS and node.args[2] is False):
        return False
    if name_of(target) in {"aten::batch_norm", "aten::instance_norm", "aten::cudnn_batch_norm"}:
        return _updates_running_statistics(node)
    return bool(schema(target).is_mutable)


def _updates_running_statistics(node: fx.Node) -> bool:
    """batch_norm(input, weight, bias, running_mean, running_var, training, ...): its schema does not say it writes."""
    has_statistics = len(node.args) > 3 and node.args[3] is not None
    return has_statistics and len(node.args) > 5 and node.args[5] is True


def draws(node: fx.Node) -> bool:
    """Whether the operator draws here: dropout in eval mode and attention without dropout do not."""
    if not isinstance(node.target, OpOverload) or torch.Tag.nondeterministic_seeded not in node.target.tags:
        return False
    name = name_of(node.target).partition(".")[0]
    arguments = list(node.args)
    if name.rstrip("_") in ("aten::dropout", "aten::native_dropout", "aten::feature_dropout", "aten::alpha_dropout"):
        return bool(node.args[2]) and bool(node.args[1])
    if name == "aten::rrelu":
        return bool(node.kwargs.get("training", len(arguments) > 3 and arguments[3]))
    if "attention" in name:
        place = [argument.name for argument in schema(node.target).arguments].index("dropout_p")
        return bool(node.kwargs.get("dropout_p", arguments[place] if len(arguments) > place else 0.0))
    if name in ("aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu"):
        return any(isinstance(a, float) and a > 0 for a in arguments) and True in arguments[-3:]
    return True


def called_graphs(owner: torch.nn.Module, graph: fx.Graph) -> Iterator[tuple[str, fx.GraphModule]]:
    """The graph modules that a graph hands to its higher-order operators, by attribute name, each once."""
    seen = set()
    for node in graph.nodes:
        if node.op != "get_attr" or node.target in seen:
            continue
        seen.add(node.target)
        value = attribute(owner, node.target)
        if isinstance(value, fx.GraphModule):
            yield node.target, value


def attribute(owner: object, path: str) -> Any:
    """What a get_attr node's dotted path names."""
    for name in path.split("."):
        owner = getattr(owner, name)
    return owner


def written_as(node: fx.Node) -> str:
    """What the user called, where a retrace has made another operator of it; empty where it is this one.

    torch keeps the node that each one was made from (`from_node`).
    """
    sources = node.meta.get("from_node") or ()
    before = str(sources[0].target) if sources else ""
    return before if before.startswith("aten.") and before != called(node) else ""


def writes_by_itself(node: fx.Node) -> bool:
    """Whether the node was made of an operator whose schema says that it writes into its arguments."""
    if isinstance(node.target, HigherOrderOperator):
        return "auto_functionalized" in name_of(node.target)
    namespace, _, rest = written_as(node).partition(".")
    packet, _, overload = rest.partition(".")
    found = getattr(getattr(getattr(torch.ops, namespace, None), packet, None), overload, None)
    return isinstance(found, OpOverload) and bool(schema(found).is_mutable)


def is_strided(value: object) -> bool:
    """Whether a captured value has the plain form of a tensor, or is none; sparse and nested tensors do not."""
    return not isinstance(value, torch.Tensor) or value.layout is torch.strided


def reads_packed(node: fx.Node) -> bool:
    """Whether the node reads a sequence that the graph packs: what has no function then is the packing."""
    if not isinstance(node.target, OpOverload) or name_of(node.target) not in _OF_PACKED:
        return False
    return any(
        isinstance(each.target, OpOverload) and name_of(each.target) == "aten::_pack_padded_sequence"
        for each in node.graph.nodes
    )


def touches_layout(node: fx.Node) -> bool:
    """Whether the node takes or gives a tensor that is not dense."""
    if not is_operator(node):
        return False
    if str(node.target).startswith("aten.to_mkldnn"):  # a recording knows its result as a plain tensor
        return True
    return not is_strided(node.meta.get("val")) or any(not is_strided(a.meta.get("val")) for a in node.all_input_nodes)


def is_composition(node: fx.Node) -> bool:
    """Whether the operator is nothing but others, which the capture has run as well to know its result."""
    return isinstance(node.target, OpOverload) and is_composite(node.target)
