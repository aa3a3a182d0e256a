"""Validate: the ONNX checker, strict shape inference, unique names, and each value's contract with the capture.

What is found wrong with a node makes it a stand-in, of which nothing is known but what the capture says of its results,
and the search goes on: so every node speaks for itself, and none for the faults of those before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import onnx
import onnx_ir as ir

from onnxdx.dtypes import torch_name
from onnxdx.errors import first_line
from onnxdx.graph.operators import called
from onnxdx.request import SUPPORTED_OPSETS
from onnxdx.values import PROVENANCE_KEY, UNSUPPORTED, OnnxDraft, ValidatedDraft
from onnxdx.verification.protos import light_proto
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx304_dtype_not_supported import DtypeNotSupported
from onnxdx_diagnostics.rules.dx307_opset_too_low import OpsetTooLow
from onnxdx_diagnostics.rules.dx501_checker_rejects import CheckerRejects
from onnxdx_diagnostics.rules.dx502_shape_inference_fails import ShapeInferenceFails
from onnxdx_diagnostics.rules.dx503_dtype_contract import DtypeContract
from onnxdx_diagnostics.rules.dx504_shape_contract import ShapeContract
from onnxdx_diagnostics.rules.dx505_duplicate_names import DuplicateNames
from onnxdx_diagnostics.sink import Sink


def run(draft: OnnxDraft, sink: Sink) -> ValidatedDraft:
    """Say everything that is wrong with the model as ONNX; the draft then knows which of its nodes are faulty."""
    validation = _Validation(draft, sink, light_proto(draft.model))
    distinct = validation.duplicates()
    validation.schemas()
    if distinct:
        validation.contracts()
    if distinct and validation.checked():
        validation.inferred()
    return ValidatedDraft(replace(draft, faulty=frozenset(validation.faulty)), validation.proto)


@dataclass
class _Validation:
    draft: OnnxDraft
    sink: Sink
    proto: onnx.ModelProto
    faulty: set[str] = field(default_factory=set)

    def duplicates(self) -> bool:
        """Inputs or outputs that share a name; whether there are none, so that a name says which value is meant."""
        distinct = True
        for kind, values in (("inputs", self.draft.model.graph.inputs), ("outputs", self.draft.model.graph.outputs)):
            names = Counter(value.name or "" for value in values)
            repeated = tuple(name for name, count in names.items() if count > 1)
            if repeated:
                self.sink.emit(DuplicateNames(self.draft.captured.sources.fallback(), kind, repeated))
                distinct = False
        return distinct

    def schemas(self) -> None:
        """Nodes that ONNX does not have at this opset, or not for an element type they are given."""
        sound: set[Hashable] = set()
        for opset, node in _nodes_with_opset(self.draft.model):
            if node.domain != "" or _identity(node) in self.faulty or (use := _use(node, opset)) in sound:
                continue
            found = self._against_schema(node, opset)
            if found is not None:
                self._say(found, node)
            elif _identity(node) not in self.faulty:
                sound.add(use)

    def contracts(self) -> None:
        """What ONNX infers for each value against what the capture saw, as far as both say something."""
        while roots := list(self._contradictions()):
            for finding, node in roots:
                self._say(finding, node)

    def checked(self) -> bool:
        """What the ONNX checker refuses; whether it has nothing more to say."""
        while True:
            try:
                onnx.checker.check_model(self.proto)
            except onnx.checker.ValidationError as error:
                node = self.draft.node_named(str(error))
                operator, function = self._blame(node)
                site = self.draft.site_named(str(error))
                if not self._say(CheckerRejects(site, first_line(error), operator, function), node):
                    return False
            else:
                return True

    def inferred(self) -> None:
        """What ONNX's strict shape inference finds contradictory."""
        while True:
            try:
                _inferred_strictly(self.proto)
            except onnx.shape_inference.InferenceError as error:
                node = self.draft.node_named(str(error))
                operator, function = self._blame(node)
                site = self.draft.site_named(str(error))
                if not self._say(ShapeInferenceFails(site, _telling_line(error), operator, function), node):
                    return
            else:
                return

    def _say(self, finding: Finding, node: ir.Node | None) -> bool:
        """Report a fault, and go on without its node; False when nothing could be left out."""
        self.sink.emit(finding)
        return node is not None and self._leave_out(node)

    def _leave_out(self, node: ir.Node) -> bool:
        self.faulty.add(_identity(node))
        return _stand_in(self.proto, node.name or "")

    def _blame(self, node: ir.Node | None) -> tuple[str, str]:
        """The captured operator that a node is of, and where the user's function for it stands."""
        origin = self.draft.node_of(node) if node is not None else None
        operator = called(origin) if origin is not None else node.op_type if node is not None else ""
        return operator, self.draft.function_of(origin)

    def _against_schema(self, node: ir.Node, opset: int) -> Finding | None:
        if not onnx.defs.has(node.op_type, opset):
            return self._too_new(node, opset, _later(node, opset))
        schema = onnx.defs.get_schema(node.op_type, opset)
        unknown = [name for name in node.attributes if name not in schema.attributes]
        if unknown:
            knows = _later(node, opset, lambda newer: all(name in newer.attributes for name in unknown))
            return self._too_new(node, opset, knows)
        refused = self._refused(node, schema)
        if refused is None:
            return None
        place, dtype, parameter = refused
        later = _later(node, opset, lambda newer: _takes(_formal(newer, place), dtype))
        operator, _ = self._blame(node)
        known = (operator, node.op_type, parameter.name, torch_name(dtype), tuple(sorted(_allowed(parameter))))
        return DtypeNotSupported(self.draft.site(node), *known, later or 0, place[0])

    def _too_new(self, node: ir.Node, opset: int, needed: int | None) -> Finding | None:
        """A finding if a later opset has the operator; what none has is for the checker to say."""
        if needed is None:
            return None
        return OpsetTooLow(self.draft.site(node), self._blame(node)[0], needed, opset)

    def _refused(
        self, node: ir.Node, schema: onnx.defs.OpSchema
    ) -> tuple[_Place, ir.DataType, onnx.defs.OpSchema.FormalParameter] | None:
        """The first input or output of an element type that the schema does not allow.

        A faulty node may hand on such a type: then this one is left out as well, and nothing is said of it.
        """
        for kind, values in (("input", node.inputs), ("output", node.outputs)):
            for index, value in enumerate(values):
                if value is None or not isinstance(value.type, ir.TensorType):
                    continue
                parameter = _formal(schema, (kind, index))
                if parameter is None or _takes(parameter, value.type.dtype):
                    continue
                producer = value.producer()
                if kind == "input" and producer is not None and _identity(producer) in self.faulty:
                    self._leave_out(node)
                    return None
                return (kind, index), value.type.dtype, parameter
        return None

    def _contradictions(self) -> Iterator[tuple[Finding, ir.Node]]:
        """The nodes that contradict the capture, and that no other such node comes before."""
        inferred = self._inferred_types()
        behind: set[ir.Value] = set()
        for node in self.draft.model.graph:
            if any(value in behind for value in node.inputs):
                behind.update(node.outputs)
                continue
            finding = next(
                (found for value in node.outputs if (found := self._contradiction(node, value, inferred))), None
            )
            if finding is not None:
                behind.update(node.outputs)
                yield finding, node

    def _contradiction(
        self, node: ir.Node, value: ir.Value, inferred: dict[str, onnx.TypeProto.Tensor]
    ) -> Finding | None:
        found = inferred.get(value.name or "")
        if found is None or value.dtype is None:
            return None
        if found.elem_type != value.dtype:
            names = (torch_name(value.dtype), torch_name(ir.DataType(found.elem_type)))
            return DtypeContract(self.draft.site(node), value.name or "", *names, node.op_type, *self._blame(node))
        if value.shape is not None and found.HasField("shape") and not _agree(value.shape, found.shape):
            shapes = (_shape_text(value.shape), _proto_shape_text(found.shape))
            return ShapeContract(self.draft.site(node), *shapes, node.op_type, *self._blame(node))
        return None

    def _inferred_types(self) -> dict[str, onnx.TypeProto.Tensor]:
        """What shape inference finds from the inputs alone; stand-ins keep the types that the capture gave them."""
        bare = onnx.ModelProto()
        bare.CopyFrom(self.proto)
        stand_ins = {name for node in bare.graph.node if node.domain == UNSUPPORTED for name in node.output}
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
            if info.name not in stand_ins and info.type.HasField("tensor_type") and info.type.tensor_type.elem_type
        }


_Place = tuple[str, int]
"""An input or an output of a node, by its position."""


def _identity(node: ir.Node) -> str:
    return node.metadata_props.get(PROVENANCE_KEY, "")


def _nodes_with_opset(model: ir.Model) -> Iterator[tuple[int, ir.Node]]:
    yield from ((model.opset_imports.get("", 1), node) for node in model.graph.all_nodes())
    for function in model.functions.values():
        yield from ((function.opset_imports.get("", 1), node) for node in function.all_nodes())


def _use(node: ir.Node, opset: int) -> Hashable:
    """What the schema of an operator is asked about: nodes with the same use are all sound, or none is."""
    values = (*node.inputs, None, *node.outputs)
    return (node.op_type, opset, *node.attributes, *(None if value is None else value.type for value in values))


def _formal(schema: onnx.defs.OpSchema, place: _Place) -> onnx.defs.OpSchema.FormalParameter | None:
    parameters = schema.inputs if place[0] == "input" else schema.outputs
    return parameters[min(place[1], len(parameters) - 1)] if parameters else None


def _takes(parameter: onnx.defs.OpSchema.FormalParameter | None, dtype: ir.DataType) -> bool:
    return parameter is None or dtype is ir.DataType.UNDEFINED or f"tensor({_onnx_name(dtype)})" in parameter.types


def _allowed(parameter: onnx.defs.OpSchema.FormalParameter) -> Iterator[str]:
    names = {_onnx_name(dtype): dtype for dtype in ir.DataType}
    for name in parameter.types:
        dtype = names.get(name.removeprefix("tensor(").removesuffix(")"))
        if dtype is not None:
            yield torch_name(dtype)


def _later(node: ir.Node, opset: int, fits: Callable[[onnx.defs.OpSchema], bool] = lambda newer: True) -> int | None:
    """The first opset after `opset` at which the operator fits."""
    for later in SUPPORTED_OPSETS:
        if later > opset and onnx.defs.has(node.op_type, later) and fits(onnx.defs.get_schema(node.op_type, later)):
            return later
    return None


def _onnx_name(dtype: ir.DataType) -> str:
    return str(dtype.name).lower()


def _stand_in(proto: onnx.ModelProto, name: str) -> bool:
    """Make every node of this name a placeholder; whether there was one that was none."""
    bodies = [proto.graph.node, *(function.node for function in proto.functions)]
    changed = False
    for node in (node for body in bodies for node in _all_nodes(body) if node.name == name):
        changed |= node.domain != UNSUPPORTED
        node.domain = UNSUPPORTED
        del node.attribute[:]
    if changed and all(entry.domain != UNSUPPORTED for entry in proto.opset_import):
        proto.opset_import.add(domain=UNSUPPORTED, version=1)
    for function in proto.functions if changed else ():
        if all(entry.domain != UNSUPPORTED for entry in function.opset_import):
            function.opset_import.add(domain=UNSUPPORTED, version=1)
    return changed


def _all_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    for node in list(nodes):
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _all_nodes(attribute.g.node)


_OF_VALUES = re.compile(r"Invalid rank for \w+ broadcasting")
"""What onnx says when it takes the elements of two unsqueezed vectors for sizes: no word on the model's shapes."""


def _inferred_strictly(proto: onnx.ModelProto) -> None:
    """Raises InferenceError for a contradiction of shapes, or of values that become shapes."""
    try:
        onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        if _OF_VALUES.search(str(error)) is None:
            raise
        onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=False)


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


def _telling_line(error: Exception) -> str:
    """Shape inference says "Inference error(s): (op_type:X, node name: Y): the reason": from there on, on one line."""
    return " ".join(str(error).split()).removeprefix("[ShapeInferenceError] ")
