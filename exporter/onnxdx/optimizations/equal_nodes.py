"""Equal nodes are one, and so are equal small constants: what is computed twice from the same values."""

from __future__ import annotations

from collections.abc import Collection, Hashable

import onnx_ir as ir

from onnxdx.optimizations.editing import RANDOM, nodes_of

_SMALL = 1024
"""Bytes of a constant that is held against others."""


def merge(graph: ir.Graph, weights: Collection[str] = ()) -> None:
    """Merge equal nodes of a body, and its equal constants but those named in `weights`. Linear in the nodes."""
    _merge_constants(graph, weights)
    known: dict[Hashable, ir.Node] = {}
    for node in nodes_of(graph):
        key = _key(node)
        if key is None:
            continue
        first = known.setdefault(key, node)
        if first is node:
            continue
        if any(output.is_graph_output() for output in node.outputs):
            continue
        ir.convenience.replace_all_uses_with(node.outputs, first.outputs)
        graph.remove(node, safe=True)


def _merge_constants(graph: ir.Graph, weights: Collection[str]) -> None:
    known: dict[Hashable, ir.Value] = {}
    for name, value in list(graph.initializers.items()):
        tensor = value.const_value
        if tensor is None or tensor.nbytes > _SMALL or name in weights:
            continue
        if value.is_graph_input() or value.is_graph_output():
            continue
        first = known.setdefault((tensor.dtype, tuple(tensor.shape), tensor.tobytes()), value)
        if first is not value:
            ir.convenience.replace_all_uses_with(value, first)
            graph.initializers.pop(name)


def _key(node: ir.Node) -> Hashable | None:
    if node.op_type in RANDOM and node.domain == "":
        return None
    attributes = []
    for name, attribute in node.attributes.items():
        value = _value(attribute)
        if value is None:
            return None
        attributes.append((name, attribute.type, value))
    inputs = tuple(id(value) for value in node.inputs)
    return (node.op_identifier(), inputs, tuple(sorted(attributes, key=lambda each: each[0])), len(node.outputs))


def _value(attribute: ir.Attr) -> Hashable | None:
    """What an attribute says; None when it is a graph, a large tensor or the parameter of a function."""
    if attribute.is_ref():
        return None
    match attribute.type:
        case ir.AttributeType.INT | ir.AttributeType.STRING:
            return (attribute.value,)
        case ir.AttributeType.FLOAT:
            return repr(attribute.value)
        case ir.AttributeType.INTS | ir.AttributeType.STRINGS:
            return tuple(attribute.value)
        case ir.AttributeType.FLOATS:
            return tuple(map(repr, attribute.value))
        case ir.AttributeType.TENSOR:
            tensor = attribute.as_tensor()
            return None if tensor.nbytes > _SMALL else (tensor.dtype, tuple(tensor.shape), tensor.tobytes())
    return None
