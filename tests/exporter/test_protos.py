"""A model that is serialised without its weights, and made whole from there, is the model."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
from hypothesis import given
from hypothesis import strategies as st

from onnxdx.verification.protos import light_proto, whole_proto

SMALL, LARGE = 3, 1000


def model_of(weights: list[tuple[int, bool, bool]]) -> ir.Model:
    """A sum of weights: each of a size, perhaps an input as well, perhaps of the same tensor as the one before."""
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape([1]))
    values: list[ir.Value] = []
    tensor = ir.tensor(np.zeros(SMALL, dtype=np.float32), name="first")
    for index, (size, _, shared) in enumerate(weights):
        if not shared:
            tensor = ir.tensor(np.full(size, index, dtype=np.float32), name=f"tensor_{index}")
        shape = ir.Shape(tensor.shape.numpy())
        values.append(
            ir.Value(name=f"weight_{index}", type=ir.TensorType(ir.DataType.FLOAT), shape=shape, const_value=tensor)
        )
    nodes = [ir.node("Identity", [value]) for value in (x, *values)]
    given_too = [value for value, (_, is_input, _) in zip(values, weights, strict=True) if is_input]
    outputs = [node.outputs[0] for node in nodes]
    graph = ir.Graph([x, *given_too], outputs, nodes=nodes, initializers=values, opset_imports={"": 18}, name="main")
    return ir.Model(graph, ir_version=10)


def contents(proto: onnx.ModelProto) -> tuple[object, ...]:
    graph = proto.graph
    inputs = [value.name for value in graph.input]
    nodes = [node.SerializeToString() for node in graph.node]
    return (
        inputs,
        nodes,
        sorted((tensor.name, onnx.numpy_helper.to_array(tensor).tobytes()) for tensor in graph.initializer),
    )


@given(st.lists(st.tuples(st.sampled_from([SMALL, LARGE]), st.booleans(), st.booleans()), max_size=5))
def test_the_light_form_with_its_weights_is_the_whole_model(weights: list[tuple[int, bool, bool]]) -> None:
    model = model_of(weights)
    light = light_proto(model)
    before = light.SerializeToString()

    whole = whole_proto(model, light)

    assert contents(whole) == contents(ir.serde.serialize_model(model))
    assert light.SerializeToString() == before
    assert all(len(tensor.raw_data) <= 1024 for tensor in light.graph.initializer)
