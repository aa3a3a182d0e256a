"""A batch normalisation behind a convolution becomes part of its weights."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from onnxdx.optimizations.editing import nodes_of, producer, read_once, replace_by_node

_OUT_AXIS = {"Conv": 0, "ConvTranspose": 1}
"""The axis of a convolution's weight that counts its output channels."""


def fuse(graph: ir.Graph) -> None:
    """Fold the scale and the shift of each normalisation in a main graph into the convolution before it.

    The weights must be those of the model alone: no input, no output, and read by this convolution only.
    """
    for node in nodes_of(graph):
        if node.domain != "" or node.op_type != "BatchNormalization" or len(node.outputs) != 1:
            continue
        convolution = producer(node.inputs[0], "Conv", "ConvTranspose")
        if convolution is None or not read_once(convolution.outputs[0]):
            continue
        if convolution.op_type == "ConvTranspose" and convolution.attributes.get_int("group", 1) != 1:
            continue
        statistics = [_weight(value) for value in node.inputs[1:5]]
        weight, bias = _weight(convolution.inputs[1]), None
        if weight is None or any(each is None for each in statistics) or not _alone(convolution.inputs[1]):
            continue
        if len(convolution.inputs) > 2 and convolution.inputs[2] is not None:
            bias = _weight(convolution.inputs[2])
            if bias is None:
                continue
        scale, shift, mean, variance = (each.astype(np.float64) for each in statistics if each is not None)
        factor = scale / np.sqrt(variance + node.attributes.get_float("epsilon", 1e-5))
        along = [1] * weight.ndim
        along[_OUT_AXIS[convolution.op_type]] = -1
        offset = shift + (0 if bias is None else bias.astype(np.float64)) * factor - mean * factor
        name = convolution.inputs[1].name if convolution.inputs[1] is not None else "weight"
        given = [
            convolution.inputs[0],
            _initializer(graph, f"{name}.normalized", (weight * factor.reshape(along)).astype(weight.dtype)),
            _initializer(graph, f"{name}.shift", offset.astype(weight.dtype)),
        ]
        attributes = {name: attribute.value for name, attribute in convolution.attributes.items()}
        replace_by_node(node, convolution.op_type, given, attributes)
        graph.remove(convolution, safe=True)


def _weight(value: ir.Value | None) -> np.ndarray[tuple[int, ...], np.dtype[np.floating]] | None:
    if value is None or value.const_value is None or value.is_graph_input():
        return None
    if value.const_value.dtype not in (ir.DataType.FLOAT, ir.DataType.DOUBLE):
        return None
    return value.const_value.numpy()


def _alone(value: ir.Value | None) -> bool:
    return value is not None and read_once(value)


def _initializer(graph: ir.Graph, name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> ir.Value:
    while name in graph.initializers:
        name += "_"
    value = ir.Value(name=name, type=ir.TensorType(ir.DataType.from_numpy(array.dtype)), shape=ir.Shape(array.shape))
    value.const_value = ir.tensor(array, name=name)
    graph.register_initializer(value)
    return value
