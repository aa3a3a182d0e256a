"""Validate: the ONNX checker, strict shape inference, unique names, and each value's contract with the capture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import onnx
import onnx_ir as ir

from onnxdx.errors import first_line
from onnxdx.protos import light_proto
from onnxdx.values import PROVENANCE_KEY, OnnxDraft
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx304_dtype_not_supported import DtypeNotSupported
from onnxdx_diagnostics.rules.dx501_checker_rejects import CheckerRejects
from onnxdx_diagnostics.rules.dx502_shape_inference_fails import ShapeInferenceFails
from onnxdx_diagnostics.rules.dx503_dtype_contract import DtypeContract
from onnxdx_diagnostics.rules.dx504_shape_contract import ShapeContract
from onnxdx_diagnostics.rules.dx505_duplicate_names import DuplicateNames
from onnxdx_diagnostics.sink import Sink


def run(draft: OnnxDraft, sink: Sink) -> OnnxDraft:
    """Say everything that is wrong with the model as ONNX. One fault is said once, in the most telling way."""
    faults = [*_duplicates(draft), *_dtypes(draft)]
    proto = light_proto(draft.model)
    if not faults:
        faults += _contract(draft, proto)
    if not faults:
        faults += _checker(draft, proto)
    for fault in faults:
        sink.emit(fault)
    return draft


def _duplicates(draft: OnnxDraft) -> Iterator[Finding]:
    for kind, values in (("inputs", draft.model.graph.inputs), ("outputs", draft.model.graph.outputs)):
        names = Counter(value.name or "" for value in values)
        repeated = tuple(name for name, count in names.items() if count > 1)
        if repeated:
            yield DuplicateNames(draft.captured.sources.fallback(), kind, repeated)


def _dtypes(draft: OnnxDraft) -> Iterator[Finding]:
    """Operators that are given an element type they do not take, by their schema at this opset; once for each node."""
    opset = draft.model.opset_imports.get("", 1)
    for node in draft.model.graph.all_nodes():
        if node.domain != "" or not onnx.defs.has(node.op_type, opset):
            continue
        refused = _refused_input(node, onnx.defs.get_schema(node.op_type, opset))
        if refused is None:
            continue
        parameter, dtype = refused
        origin = draft.nodes.get(node.metadata_props.get(PROVENANCE_KEY, ""))
        operator = str(origin.target) if origin is not None else node.op_type
        allowed = tuple(sorted(name.removeprefix("tensor(").rstrip(")") for name in parameter.types))
        yield DtypeNotSupported(draft.site(node), operator, node.op_type, parameter.name, dtype, allowed)


def _refused_input(node: ir.Node, schema: onnx.defs.OpSchema) -> tuple[onnx.defs.OpSchema.FormalParameter, str] | None:
    for index, value in enumerate(node.inputs):
        if value is None or not isinstance(value.type, ir.TensorType) or not schema.inputs:
            continue
        parameter = schema.inputs[min(index, len(schema.inputs) - 1)]
        dtype = _onnx_name(value.type.dtype)
        if f"tensor({dtype})" not in parameter.types and value.type.dtype is not ir.DataType.UNDEFINED:
            return parameter, dtype
    return None


def _onnx_name(dtype: ir.DataType) -> str:
    return str(dtype.name).lower()


def _contract(draft: OnnxDraft, proto: onnx.ModelProto) -> Iterator[Finding]:
    """Compare what ONNX infers for each value with what the capture saw, as far as both say something."""
    inferred = _inferred(draft, proto)
    for node in draft.model.graph:
        for output in node.outputs:
            found = inferred.get(output.name or "")
            if found is None or output.dtype is None:
                continue
            if found.elem_type != output.dtype:
                names = (_onnx_name(output.dtype), _onnx_name(ir.DataType(found.elem_type)))
                yield DtypeContract(draft.site(node), output.name or "", *names, node.op_type)
            elif output.shape is not None and found.HasField("shape") and not _agree(output.shape, found.shape):
                shapes = (_shape_text(output.shape), _proto_shape_text(found.shape))
                yield ShapeContract(draft.site(node), *shapes, node.op_type)


def _inferred(draft: OnnxDraft, proto: onnx.ModelProto) -> dict[str, onnx.TypeProto.Tensor]:
    """What shape inference finds from the inputs alone; stand-ins keep the types that the capture gave them."""
    bare = onnx.ModelProto()
    bare.CopyFrom(proto)
    stand_ins = {name for node in bare.graph.node if node.domain == "onnxdx.unsupported" for name in node.output}
    kept = [info for info in bare.graph.value_info if info.name in stand_ins]
    del bare.graph.value_info[:]
    bare.graph.value_info.extend(kept)
    for output in bare.graph.output:
        if output.name not in stand_ins:
            output.ClearField("type")
    result = onnx.shape_inference.infer_shapes(bare, check_type=False, strict_mode=False, data_prop=True)
    return {
        info.name: info.type.tensor_type
        for info in (*result.graph.value_info, *result.graph.output)
        if info.type.HasField("tensor_type") and info.type.tensor_type.elem_type
    }


def _agree(captured: ir.Shape, inferred: onnx.TensorShapeProto) -> bool:
    if len(captured) != len(inferred.dim):
        return False
    for ours, theirs in zip(captured, inferred.dim, strict=True):
        if theirs.HasField("dim_value") and isinstance(ours, int) and ours != theirs.dim_value:
            return False
        named = None if isinstance(ours, int) else ours.value
        if theirs.HasField("dim_value") and named is not None and not _may_be_constant(named):
            return False
    return True


def _may_be_constant(dim: str) -> bool:
    """Whether a dim of the capture may be one number after all: a size that data decide, or a quotient of dims."""
    return "//" in dim or re.search(r"\bu\d+\b", dim) is not None


def _shape_text(shape: ir.Shape) -> str:
    return f"[{', '.join(str(dim) for dim in shape)}]"


def _proto_shape_text(shape: onnx.TensorShapeProto) -> str:
    dims = (str(dim.dim_value) if dim.HasField("dim_value") else dim.dim_param or "?" for dim in shape.dim)
    return f"[{', '.join(dims)}]"


def _checker(draft: OnnxDraft, proto: onnx.ModelProto) -> Iterator[Finding]:
    try:
        onnx.checker.check_model(proto)
    except onnx.checker.ValidationError as error:
        yield CheckerRejects(draft.site_named(str(error)), first_line(error))
        return
    try:
        onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        yield ShapeInferenceFails(draft.site_named(str(error)), _telling_line(error))


def _telling_line(error: Exception) -> str:
    """Shape inference says "Inference error(s): (op_type:X, node name: Y): the reason": from there on, on one line."""
    return " ".join(str(error).split()).removeprefix("[ShapeInferenceError] ")
