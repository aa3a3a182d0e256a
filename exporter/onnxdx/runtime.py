"""ONNX Runtime with torch tensors in and out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from onnx_ir.tensor_adapters import to_torch_dtype

from onnxdx.dtypes import onnx_dtype

_IN_MEMORY_BYTES = 1_500_000_000
"""Above this a model goes to ONNX Runtime by files: a protobuf message holds at most 2 GB."""


class Session:
    """A model loaded in ONNX Runtime on the CPU provider. Raises whatever ONNX Runtime raises when it refuses it."""

    def __init__(self, model: ir.Model) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        providers = ["CPUExecutionProvider"]
        if weight_bytes(model) < _IN_MEMORY_BYTES:
            content = ir.serde.serialize_model(model).SerializeToString()
            self._session = onnxruntime.InferenceSession(content, options, providers=providers)
        else:
            with tempfile.TemporaryDirectory(prefix="onnxdx-") as folder:
                path = Path(folder) / "model.onnx"
                ir.save(model, path, external_data="model.onnx.data")
                self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        self.outputs = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, torch.Tensor | int | float | bool]) -> list[torch.Tensor]:
        """Run the model; `inputs` by name, results in the order of the graph's outputs."""
        given = {name: _to_ort(value) for name, value in inputs.items()}
        return [_from_ort(value) for value in self._session.run_with_ort_values(self.outputs, given)]


def refused_nodes(model: ir.Model) -> Iterator[tuple[ir.Node, Exception]]:
    """The nodes that ONNX Runtime refuses on their own, each operator once for each combination of element types.

    ONNX Runtime stops at the first node it has no kernel for, and names none when the node is part of an operator that
    it expands itself; loading nodes one by one finds them all.
    """
    opsets = {**model.opset_imports, **model.graph.opset_imports}
    seen: set[object] = set()
    for node in model.graph:
        inputs = [value for value in node.inputs if value is not None]
        if any(attribute.type is ir.AttributeType.GRAPH for attribute in node.attributes.values()):
            continue
        if any(value.type is None for value in inputs) or node.op_identifier() in model.functions:
            continue
        key = (node.op_identifier(), tuple(str(value.type) for value in inputs), len(node.outputs))
        if key in seen:
            continue
        seen.add(key)
        try:
            Session(_alone(node, opsets))
        except Exception as error:  # ONNX Runtime has a dozen exception types for a model it refuses
            yield node, error


def _alone(node: ir.Node, opsets: Mapping[str, int]) -> ir.Model:
    """A model of one node: constants stay constants, everything else becomes an input of the same type and rank."""
    copies: dict[ir.Value, ir.Value] = {}
    for value in node.inputs:
        if value is not None and value not in copies:
            copies[value] = ir.Value(
                name=f"input_{len(copies)}", type=value.type, shape=value.shape, const_value=value.const_value
            )
    outputs = [ir.Value(name=f"output_{i}", type=value.type) for i, value in enumerate(node.outputs)]
    alone = ir.Node(
        node.domain,
        node.op_type,
        [copies[value] if value is not None else None for value in node.inputs],
        list(node.attributes.values()),
        outputs=outputs,
    )
    inputs = [value for value in copies.values() if value.const_value is None]
    constants = [value for value in copies.values() if value.const_value is not None]
    graph = ir.Graph(inputs, outputs, nodes=[alone], initializers=constants, opset_imports=dict(opsets), name="node")
    return ir.Model(graph, ir_version=10)


def weight_bytes(model: ir.Model) -> int:
    """Bytes of all weights of a model."""
    return sum(value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value is not None)


def _to_ort(value: torch.Tensor | int | float | bool) -> Any:
    import onnxruntime

    dtype = onnx_dtype(value)
    if not isinstance(value, torch.Tensor):
        value = torch.tensor(value)
    plain = value.detach().cpu()
    if plain.is_complex():
        plain = torch.view_as_real(plain.resolve_conj())
    plain = plain.contiguous()
    assert dtype is not None
    if dtype in (ir.DataType.BFLOAT16, *_FLOAT8):
        bits = torch.uint16 if dtype is ir.DataType.BFLOAT16 else torch.uint8
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(plain.view(bits).numpy(), int(dtype))
    return onnxruntime.OrtValue.ortvalue_from_numpy(plain.numpy())


_FLOAT8 = (
    ir.DataType.FLOAT8E4M3FN,
    ir.DataType.FLOAT8E4M3FNUZ,
    ir.DataType.FLOAT8E5M2,
    ir.DataType.FLOAT8E5M2FNUZ,
)


def _from_ort(value: Any) -> torch.Tensor:
    dtype = ir.DataType(value.element_type())
    array = np.asarray(value.numpy())
    if dtype in (ir.DataType.BFLOAT16, *_FLOAT8):
        return torch.from_numpy(np.ascontiguousarray(array).view(np.int16 if array.itemsize == 2 else np.uint8)).view(
            to_torch_dtype(dtype)
        )
    return torch.from_numpy(array.copy() if not array.flags.writeable else array)
