"""Equality of function bodies: two bodies are one function when operators, wiring, attributes and constants agree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import onnx_ir as ir


def body_key(graph: ir.Graph) -> str:
    """A digest that is equal for equal bodies, whatever their values, nodes and weights are called."""
    digest = hashlib.sha256()
    for part in _parts(graph, {}):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _parts(graph: ir.Graph, numbers: dict[ir.Value | None, int]) -> Iterator[str]:
    for value in graph.inputs:
        numbers[value] = len(numbers)
        yield f"in {numbers[value]} {value.type!r}"
    for node in graph:
        wiring = ",".join(str(numbers.get(value, -1)) if value is not None else "" for value in node.inputs)
        yield f"{node.domain}:{node.op_type}:{node.overload}({wiring})"
        for attribute in sorted(node.attributes.values(), key=lambda item: item.name):
            yield from _attribute(attribute, numbers)
        for value in node.outputs:
            numbers[value] = len(numbers)
    yield "out " + ",".join(str(numbers.get(value, -1)) for value in graph.outputs)


def _attribute(attribute: ir.Attr, numbers: dict[ir.Value | None, int]) -> Iterator[str]:
    yield f"{attribute.name}:{attribute.type}"
    if attribute.type is ir.AttributeType.GRAPH:
        yield from _parts(attribute.as_graph(), numbers)
    elif attribute.type is ir.AttributeType.TENSOR:
        tensor = attribute.as_tensor()
        yield f"{tensor.dtype}{tuple(tensor.shape)}{hashlib.sha256(tensor.tobytes()).hexdigest()}"
    else:
        yield repr(attribute.value)
