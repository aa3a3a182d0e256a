"""Nodes that change nothing, and pairs of nodes of which one would do: casts, transposes, reshapes and their like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import onnx_ir as ir

from onnxdx.optimizations.editing import (
    constant,
    ints,
    is_op,
    nodes_of,
    producer,
    replace_by_node,
    replace_by_value,
    same_shape,
)

_EXACT: Mapping[ir.DataType, frozenset[ir.DataType]] = {
    ir.DataType.BOOL: frozenset({ir.DataType.INT32, ir.DataType.INT64, ir.DataType.FLOAT, ir.DataType.DOUBLE}),
    ir.DataType.INT32: frozenset({ir.DataType.INT64, ir.DataType.DOUBLE}),
    ir.DataType.FLOAT16: frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE}),
    ir.DataType.BFLOAT16: frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE}),
    ir.DataType.FLOAT: frozenset({ir.DataType.DOUBLE}),
}
"""Element types that hold every value of another."""


def remove(graph: ir.Graph) -> None:
    """Remove what is redundant in one body, in one walk; what a node comes after has been looked at before it."""
    for node in nodes_of(graph):
        simplify = _BY_OPERATOR.get(node.op_type) if node.domain == "" else None
        if simplify is not None and node.graph is not None and node.inputs and node.inputs[0] is not None:
            simplify(node, node.inputs[0])


def _cast(node: ir.Node, source: ir.Value) -> None:
    to = ir.DataType(node.attributes["to"].as_int())
    if source.dtype is to:
        replace_by_value(node, source)
        return
    before = producer(source, "Cast")
    given = before.inputs[0] if before is not None else None
    if given is None or given.dtype is None or source.dtype not in _EXACT.get(given.dtype, ()):
        return
    if given.dtype is to:
        replace_by_value(node, given)
    else:
        node.replace_input_with(0, given)


def _transpose(node: ir.Node, source: ir.Value) -> None:
    order = node.attributes.get_ints("perm")
    if order is None:
        return
    before = producer(source, "Transpose")
    first = before.attributes.get_ints("perm") if before is not None else None
    if before is not None and first is not None and len(first) == len(order):
        order = [first[axis] for axis in order]
        given = before.inputs[0]
        if list(order) == list(range(len(order))) and given is not None and replace_by_value(node, given):
            return
        node = replace_by_node(node, "Transpose", [given], {"perm": order})
    elif list(order) == list(range(len(order))):
        replace_by_value(node, source)


def _reshape(node: ir.Node, source: ir.Value) -> None:
    sizes = ints(node.inputs[1])
    plain = sizes is not None and 0 not in sizes
    before = producer(source, "Reshape")
    if before is not None and (plain or node.attributes.get_int("allowzero")):
        given = before.inputs[0]
        node.replace_input_with(0, given)
        source = source if given is None else given
    for value in _in_same_order(source):
        if same_shape(value, node.outputs[0]):
            replace_by_value(node, value)
            return


def _in_same_order(value: ir.Value) -> Iterator[ir.Value]:
    """A value, and those that it was made of by nodes that only change the shape."""
    yield value
    before = producer(value, "Reshape", "Squeeze", "Unsqueeze")
    while before is not None and before.inputs[0] is not None:
        value = before.inputs[0]
        yield value
        before = producer(value, "Reshape", "Squeeze", "Unsqueeze")


def _shape(node: ir.Node, source: ir.Value) -> None:
    """The sizes between two axes are so many, which torchlib does not say."""
    start, end = node.attributes.get_int("start", 0), node.attributes.get_int("end", None)
    if node.outputs[0].shape is None and end is not None and 0 <= start < end and source.shape is not None:
        node.outputs[0].shape = ir.Shape([min(end, len(source.shape)) - start])


def _expand(node: ir.Node, source: ir.Value) -> None:
    if same_shape(source, node.outputs[0]):
        replace_by_value(node, source)


def _unsqueeze(node: ir.Node, source: ir.Value) -> None:
    before, axes = producer(source, "Squeeze"), ints(node.inputs[1])
    if before is None or len(before.inputs) < 2 or axes is None:
        return
    given = before.inputs[0]
    if (
        given is not None
        and given.shape is not None
        and _positive(axes, len(given.shape)) == _positive(ints(before.inputs[1]), len(given.shape))
    ):
        replace_by_value(node, given)


def _squeeze(node: ir.Node, source: ir.Value) -> None:
    before, axes = producer(source, "Unsqueeze"), ints(node.inputs[1]) if len(node.inputs) > 1 else None
    if before is None or axes is None or source.shape is None:
        return
    given = before.inputs[0]
    if given is not None and _positive(axes, len(source.shape)) == _positive(ints(before.inputs[1]), len(source.shape)):
        replace_by_value(node, given)


def _positive(axes: list[int] | None, rank: int) -> list[int] | None:
    return None if axes is None else sorted(axis % rank for axis in axes)


def _concat(node: ir.Node, source: ir.Value) -> None:
    if len(node.inputs) == 1:
        replace_by_value(node, source)


def _div(node: ir.Node, source: ir.Value) -> None:
    if _is_one(node.inputs[1], source):
        replace_by_value(node, source)


def _mul(node: ir.Node, source: ir.Value) -> None:
    """`x * 1` is `x`, and `x * (1 / y)` is `x / y`: what ONNX Runtime knows as part of a normalisation."""
    for index, value in enumerate(node.inputs):
        other = node.inputs[1 - index]
        if other is not None and _is_one(value, other) and replace_by_value(node, other):
            return
    for index, value in enumerate(node.inputs):
        inverse = producer(value, "Reciprocal")
        other = node.inputs[1 - index]
        if inverse is None or value is None or len(value.uses()) > 1 or value.is_graph_output():
            continue
        if not is_op(inverse.inputs[0].producer() if inverse.inputs[0] is not None else None, "Sqrt"):
            continue
        replace_by_node(node, "Div", [other, inverse.inputs[0]])
        return


def _is_one(value: ir.Value | None, other: ir.Value) -> bool:
    """Whether a value is a 1 that does not make `other` any larger."""
    known = constant(value)
    if known is None or known.size != 1 or known.reshape(-1)[0] != 1:
        return False
    return known.ndim == 0 or (other.shape is not None and known.ndim <= len(other.shape))


_BY_OPERATOR: Mapping[str, Callable[[ir.Node, ir.Value], None]] = {
    "Cast": _cast,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Expand": _expand,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Concat": _concat,
    "Mul": _mul,
    "Div": _div,
    "Shape": _shape,
}
