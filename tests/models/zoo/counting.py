"""How large an ONNX model is."""

from __future__ import annotations

from collections.abc import Iterable

import onnx


def onnx_nodes(model: onnx.ModelProto) -> int:
    """Nodes of the graph, of its subgraphs and of the bodies of its functions."""
    return _nodes(model.graph.node) + sum(_nodes(function.node) for function in model.functions)


def _nodes(nodes: Iterable[onnx.NodeProto]) -> int:
    total = 0
    for node in nodes:
        subgraphs = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
        subgraphs += [graph for attribute in node.attribute for graph in attribute.graphs]
        total += 1 + sum(_nodes(graph.node) for graph in subgraphs)
    return total
