"""Edits that optimisations share: a value in another's place, a node in another's place, and small constants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

RANDOM = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Dropout"}
)
"""Operators whose results are not determined by their inputs."""


def is_op(node: ir.Node | None, *names: str) -> bool:
    """Whether a node is one of these operators of ONNX itself."""
    return node is not None and node.domain == "" and node.op_type in names


def producer(value: ir.Value | None, *names: str) -> ir.Node | None:
    """The node that computes a value, if it is one of these operators."""
    node = value.producer() if value is not None else None
    return node if is_op(node, *names) else None


def constant(value: ir.Value | None) -> np.ndarray[Any, Any] | None:
    """What a small value is, where it is known: not one that the caller of the model may set."""
    if value is None or value.is_graph_input():
        return None
    node = value.producer()
    tensor = value.const_value
    if tensor is None and is_op(node, "Constant") and node is not None and "value" in node.attributes:
        tensor = node.attributes["value"].as_tensor()
    return tensor.numpy() if tensor is not None and tensor.size <= 64 else None


def ints(value: ir.Value | None) -> list[int] | None:
    """A known vector of integers."""
    known = constant(value)
    return None if known is None or known.dtype.kind not in "iu" else [int(each) for each in known.reshape(-1)]


def same_shape(one: ir.Value, other: ir.Value) -> bool:
    """Whether two values are known to have one shape: no dim is unknown, and none differs."""
    if one.shape is None or other.shape is None or len(one.shape) != len(other.shape):
        return False
    pairs = zip(one.shape, other.shape, strict=True)
    return all(left == right and _known(left) for left, right in pairs)


def _known(size: object) -> bool:
    return isinstance(size, int) or getattr(size, "value", None) is not None


def replace_by_value(node: ir.Node, value: ir.Value) -> bool:
    """Give `value` to everyone that reads the node's only result, and drop the node; not when that is an output."""
    (output,) = node.outputs
    if output.is_graph_output() or node.graph is None:
        return False
    ir.convenience.replace_all_uses_with(output, value)
    node.graph.remove(node, safe=True)
    return True


def replace_by_node(
    node: ir.Node,
    op_type: str,
    inputs: Sequence[ir.Value | None],
    attributes: Mapping[str, Any] | None = None,
    domain: str = "",
) -> ir.Node:
    """Put another operator in a node's place: it computes the same values, under the same names and for the same."""
    graph = node.graph
    assert isinstance(graph, (ir.Graph, ir.Function))
    outputs = [ir.Value(name=None, type=value.type, shape=value.shape) for value in node.outputs]
    new = ir.Node(
        domain,
        op_type,
        inputs,
        ir.convenience.convert_attributes(attributes or {}),
        outputs=outputs,
        name=node.name,
        metadata_props=dict(node.metadata_props),
    )
    graph.insert_before(node, new)
    for old, value in zip(node.outputs, outputs, strict=True):
        name, old.name = old.name, None
        ir.convenience.replace_all_uses_with(old, value, replace_graph_outputs=True)
        value.name = name
    graph.remove(node, safe=True)
    return new


def read_once(value: ir.Value) -> bool:
    """Whether exactly one node reads a value, and the model does not give it out."""
    return len(value.uses()) == 1 and not value.is_graph_output()


def nodes_of(graph: ir.Graph) -> Collection[ir.Node]:
    """The nodes of a graph as they are now, so that it may be changed on the way."""
    return list(graph)
