"""ONNX models as protobuf: without their weights, for the checker and shape inference, and whole from there."""

from __future__ import annotations

import onnx
import onnx_ir as ir

from onnxdx.weights.absent_weights import AbsentWeight

_KEPT_BYTES = 1024
"""Constants up to this size stay: they are shapes, axes and scalars, which shape inference reads."""


def light_proto(model: ir.Model) -> onnx.ModelProto:
    """The model with inputs of the same type and shape in place of weights that are large or have no values.

    `model` stays as it is.
    """
    graph = model.graph
    heavy = {
        name: value
        for name, value in graph.initializers.items()
        if value.const_value is not None
        and (value.const_value.nbytes > _KEPT_BYTES or isinstance(value.const_value, AbsentWeight))
    }
    tensors = {name: value.const_value for name, value in heavy.items()}
    added = [value for value in heavy.values() if not any(value is given for given in graph.inputs)]
    given = len(graph.inputs)
    try:
        for name, value in heavy.items():
            value.const_value = None
            del graph.initializers[name]
        graph.inputs.extend(added)
        return ir.serde.serialize_model(model)
    finally:
        while len(graph.inputs) > given:
            graph.inputs.pop()
        for name, value in heavy.items():
            value.const_value = tensors[name]
            graph.register_initializer(value)


def whole_proto(model: ir.Model, light: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its weights, from what `light_proto` gave of it. `light` stays as it is."""
    whole = onnx.ModelProto()
    whole.CopyFrom(light)
    added = len(whole.graph.input) - len(model.graph.inputs)
    if added:
        del whole.graph.input[-added:]
    present = {tensor.name for tensor in whole.graph.initializer}
    for name, value in model.graph.initializers.items():
        if name not in present and value.const_value is not None:
            tensor = whole.graph.initializer.add()
            ir.serde.serialize_tensor_into(tensor, value.const_value)
            tensor.name = name  # a tensor may be named after a value that it was computed for
    return whole
