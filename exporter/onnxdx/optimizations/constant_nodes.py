"""Nodes of which all inputs are known are computed here, as far as they make the model no larger."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from onnx.reference import ReferenceEvaluator
from onnx_ir.tensor_adapters import TorchTensor

from onnxdx.optimizations.editing import is_op, nodes_of

_COMPUTED = 8192
"""Elements of the inputs and outputs of a node that is computed."""

_COMPUTABLE = frozenset(
    {
        "Abs", "Add", "And", "Cast", "CastLike", "Concat", "Cos", "Div", "Equal", "Exp", "Expand", "Flatten", "Gather",
        "Greater", "Identity", "Less", "Mul", "Neg", "Not", "Or", "Range", "Reciprocal", "Reshape", "Shape", "Sin",
        "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where",
    }
)  # fmt: skip
"""Operators in which onnx's reference and a runtime agree to the last bit, or nearly so, whatever they are given."""


def fold(graph: ir.Graph, opset: int) -> None:
    """Compute what can be computed in a main graph; the results are initializers under the names of the values."""
    for node in nodes_of(graph):
        if node.domain != "" or len(node.outputs) != 1 or not node.inputs:
            continue
        if any(value is None or value.is_graph_input() or value.const_value is None for value in node.inputs):
            continue
        if node.op_type not in _COMPUTABLE or node.outputs[0].is_graph_output():
            continue
        tensor = _transposed(node) if is_op(node, "Transpose") else _computed(node, opset)
        if tensor is not None:
            _become(graph, node, tensor)


def _transposed(node: ir.Node) -> ir.TensorProtocol | None:
    """A weight the other way round: a view of it, of any size, when nobody else reads the weight."""
    (source,) = node.inputs
    assert source is not None
    tensor = source.const_value
    assert tensor is not None
    if tensor.size > _COMPUTED and len(source.uses()) > 1:
        return None
    order = node.attributes.get_ints("perm") or list(reversed(range(len(tensor.shape))))
    if isinstance(tensor, TorchTensor):
        return TorchTensor(tensor.raw.permute(*order), name=node.outputs[0].name)
    return ir.tensor(np.transpose(tensor.numpy(), order), dtype=tensor.dtype, name=node.outputs[0].name)


def _computed(node: ir.Node, opset: int) -> ir.TensorProtocol | None:
    tensors = [value.const_value for value in node.inputs if value is not None and value.const_value is not None]
    if any(tensor.size > _COMPUTED or tensor.dtype in _FOREIGN for tensor in tensors):
        return None
    if _is_unsure(node, tensors):
        return None
    names = [f"input_{index}" for index in range(len(tensors))]
    step = ir.serde.serialize_node(node)
    del step.input[:], step.output[:], step.metadata_props[:]
    step.input.extend(names)
    step.output.append("output")
    inputs = [onnx.helper.make_tensor_value_info(name, t.dtype, None) for name, t in zip(names, tensors, strict=True)]
    output = onnx.helper.make_empty_tensor_value_info("output")
    graph = onnx.helper.make_graph([step], "node", inputs, [output])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    feed: dict[str, Any] = {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}
    try:
        (result,) = ReferenceEvaluator(model).run(None, feed)
    except Exception:  # the reference does not have every operator for every type; the node stays as it is
        return None
    known = node.outputs[0]
    if not isinstance(result, np.ndarray) or result.size > _COMPUTED:
        return None
    if known.dtype is None or ir.DataType.from_numpy(result.dtype) != known.dtype:
        return None
    return ir.tensor(result, name=known.name)


def _is_unsure(node: ir.Node, tensors: list[ir.TensorProtocol]) -> bool:
    """Whether the result depends on who computes it: integers that are divided, floats that become integers."""
    is_float = tensors[0].dtype in (ir.DataType.FLOAT, ir.DataType.DOUBLE)
    if is_op(node, "Div"):
        return not is_float
    return (
        is_op(node, "Cast", "CastLike") and is_float and not str(node.outputs[0].dtype).startswith(("FLOAT", "DOUBLE"))
    )


_FOREIGN = frozenset({ir.DataType.BFLOAT16, ir.DataType.FLOAT16, ir.DataType.STRING})
"""Element types in which the reference computes otherwise than a runtime does."""


def _become(graph: ir.Graph, node: ir.Node, tensor: ir.TensorProtocol) -> None:
    old = node.outputs[0]
    name, old.name = old.name, None
    value = ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(tensor.shape.numpy()))
    value.const_value = tensor
    inputs = [given for given in node.inputs if given is not None]
    ir.convenience.replace_all_uses_with(old, value)
    graph.remove(node, safe=True)
    graph.register_initializer(value)
    for given in inputs:
        if not given.uses() and given.is_initializer() and not given.is_graph_output():
            graph.initializers.pop(given.name or "")
