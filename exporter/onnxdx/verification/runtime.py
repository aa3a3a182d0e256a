"""ONNX Runtime with torch tensors in and out."""

from __future__ import annotations

import ctypes
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import torch
from onnx_ir.tensor_adapters import to_torch_dtype

from onnxdx.dtypes import onnx_dtype
from onnxdx.errors import first_line
from onnxdx.verification.protos import whole_proto

PROVIDER = "CPUExecutionProvider"
"""What of ONNX Runtime computes the verdict."""

_IN_MEMORY_BYTES = 1_500_000_000
"""Above this a model goes to ONNX Runtime by files: a protobuf message holds at most 2 GB."""


class Session:
    """A model loaded in ONNX Runtime on the CPU provider. Raises whatever ONNX Runtime raises when it refuses it.

    `light` is the model as `light_proto` gave it, where that is known already: what it holds is not serialised again.
    `options` are `onnxruntime.SessionOptions` of the user, for kernels of the user's own; they stay as they are.
    """

    def __init__(
        self, model: ir.Model, *, optimize: bool = True, options: Any = None, light: onnx.ModelProto | None = None
    ) -> None:
        import onnxruntime

        if options is None:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4
            # threads that spin between two runs would take the cores from torch, which computes in turn with them
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        level = options.graph_optimization_level
        if not optimize:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._load(model, options, light)
        finally:
            options.graph_optimization_level = level
        self.outputs = [output.name for output in self._session.get_outputs()]

    def _load(self, model: ir.Model, options: Any, light: onnx.ModelProto | None) -> None:
        import onnxruntime

        if weight_bytes(model) < _IN_MEMORY_BYTES:
            proto = ir.serde.serialize_model(model) if light is None else whole_proto(model, light)
            self._session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=[PROVIDER])
        else:
            with tempfile.TemporaryDirectory(prefix="onnxdx-") as folder:
                path = Path(folder) / "model.onnx"
                ir.save(model, path, external_data="model.onnx.data")
                self._session = onnxruntime.InferenceSession(str(path), options, providers=[PROVIDER])

    def run(self, inputs: Mapping[str, torch.Tensor | int | float | bool]) -> list[torch.Tensor]:
        """Run the model; `inputs` by name, results in the order of the graph's outputs."""
        given = {name: _to_ort(value) for name, value in inputs.items()}
        return [_from_ort(value) for value in self._session.run_with_ort_values(self.outputs, given)]


@dataclass(frozen=True)
class Refusal:
    """A node that ONNX Runtime refuses by itself: its reason, the element type it is about, and which would do."""

    onnx_node: ir.Node
    reason: str
    dtype: ir.DataType | None
    would_do: tuple[ir.DataType, ...]

    @property
    def is_foreign(self) -> bool:
        """Whether the operator is of a domain that ONNX Runtime knows nothing of, not one that it lacks a type for."""
        return _is_foreign(self.onnx_node, self.reason)


def refused_nodes(model: ir.Model, among: Collection[ir.Node] | None = None, options: Any = None) -> Iterator[Refusal]:
    """The nodes (`among` some) that ONNX Runtime refuses on their own; equal operators of equal types are tried once.

    ONNX Runtime stops at the first node it has no kernel for, and names none when the node is part of an operator that
    it expands itself; loading nodes one by one finds them all.
    """
    known: dict[object, tuple[str, ir.DataType | None, tuple[ir.DataType, ...]] | None] = {}
    for opsets, node in _nodes_by_opsets(model):
        if among is not None and node not in among:
            continue
        inputs = [value for value in node.inputs if value is not None]
        if any(attribute.type is ir.AttributeType.GRAPH for attribute in node.attributes.values()):
            continue
        if any(value.type is None for value in inputs) or node.op_identifier() in model.functions:
            continue
        key = (node.op_identifier(), tuple(str(value.type) for value in inputs), len(node.outputs))
        if key not in known:
            known[key] = _refusal(node, opsets, options)
        refusal = known[key]
        if refusal is not None:
            yield Refusal(node, *refusal)


def _nodes_by_opsets(model: ir.Model) -> Iterator[tuple[Mapping[str, int], ir.Node]]:
    for body in (model.graph, *(function.graph for function in model.functions.values())):
        opsets = {**model.opset_imports, **body.opset_imports}
        for node in body.all_nodes():
            yield opsets, node


_OF_RUNTIME = re.compile(r"(|ai\.onnx(\.ml|\.training|\.preview.*)?|com\.(microsoft|ms)(\..*)?|onnxdx\.unsupported)$")
"""Domains whose operators ONNX and ONNX Runtime define, and that of placeholders."""


def _is_foreign(node: ir.Node, reason: str) -> bool:
    return "is not a registered function/op" in reason and _OF_RUNTIME.match(node.domain) is None


def _refusal(
    node: ir.Node, opsets: Mapping[str, int], options: Any
) -> tuple[str, ir.DataType | None, tuple[ir.DataType, ...]] | None:
    try:
        Session(_alone(node, opsets), options=options)
    except Exception as error:  # ONNX Runtime has a dozen exception types for a model it refuses
        reason = first_line(error)
        return (reason, None, ()) if _is_foreign(node, reason) else (reason, *_culprit(node, opsets, options))
    return None


def _culprit(
    node: ir.Node, opsets: Mapping[str, int], options: Any
) -> tuple[ir.DataType | None, tuple[ir.DataType, ...]]:
    """The element type that a node is refused for, as far as others in its place tell; and those others."""
    given = (value.dtype for value in (*node.inputs, *node.outputs) if value is not None)
    dtypes = list(dict.fromkeys(dtype for dtype in given if dtype is not None))
    for dtype in dtypes:
        others = tuple(other for other in _COMMON if other is not dtype and _loads(node, opsets, dtype, other, options))
        if others:
            return dtype, others
    return (dtypes[0] if dtypes else None), ()


_COMMON = (ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.DOUBLE, ir.DataType.INT32, ir.DataType.INT64)
"""Element types that most operators are used with, in the order in which they are worth a try."""


def _loads(
    node: ir.Node, opsets: Mapping[str, int], dtype: ir.DataType | None, other: ir.DataType, options: Any
) -> bool:
    """Whether ONNX Runtime has a kernel for the node with another element type in place of `dtype`."""
    model = _alone(node, opsets)
    graph = model.graph
    try:
        for value in (*graph.inputs, *graph.outputs, *graph.initializers.values()):
            if value.dtype is not dtype:
                continue
            if value.const_value is not None:
                value.const_value = ir.tensor(value.const_value.numpy().astype(other.numpy()), name=value.name)
            value.type = ir.TensorType(other)
        Session(model, options=options)
    except Exception:  # ONNX Runtime has a dozen exception types for a model it refuses
        return False
    return True


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
    plain = plain.resolve_neg().contiguous()
    assert dtype is not None
    if dtype in _BITS:
        bits = plain.view(_BITS[dtype]).numpy()
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, int(dtype))
    return onnxruntime.OrtValue.ortvalue_from_numpy(plain.numpy())


_BITS = {
    ir.DataType.BFLOAT16: torch.uint16,
    ir.DataType.FLOAT8E4M3FN: torch.uint8,
    ir.DataType.FLOAT8E4M3FNUZ: torch.uint8,
    ir.DataType.FLOAT8E5M2: torch.uint8,
    ir.DataType.FLOAT8E5M2FNUZ: torch.uint8,
}
"""Element types that numpy does not have, and the type that carries their bits."""


def _from_ort(value: Any) -> torch.Tensor:
    dtype = ir.DataType(value.element_type())
    if dtype in _BITS:
        bits = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
        flat = torch.frombuffer(bytearray(bits), dtype=_BITS[dtype]) if bits else torch.empty(0, dtype=_BITS[dtype])
        return flat.view(to_torch_dtype(dtype)).reshape(value.shape())
    array = np.asarray(value.numpy())
    if array.dtype == np.uint64:
        array = array.view(np.uint64)  # ONNX Runtime gives `unsigned long long`, which torch does not know
    return torch.from_numpy(array if array.flags.writeable else array.copy())
