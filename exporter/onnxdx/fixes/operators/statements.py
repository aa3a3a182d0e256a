"""ONNX nodes as statements of onnxscript, as a person would write them.

What is computed of plain numbers alone is Python arithmetic; constants stand where they are used; a value is called
after the operator of the captured graph that it comes from.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir

from onnxdx.fixes.operators import number_text
from onnxdx.tracing.signatures import output_count
from onnxdx.translation.naming import base_name
from onnxdx.values import OnnxDraft

_MOST_ELEMENTS = 256
"""Constants with more elements are data, not code: they are packed."""

_MOST_PACKED = 1 << 16
"""Constants with still more elements have no place in a file of code."""


class Unprintable(Exception):
    """An ONNX graph that has no form as plain statements; the text is a clause about the operator's body."""


@dataclass(frozen=True)
class Number:
    """A Python number in the function: `text` is an expression of it, `dtype` what it is in the graph."""

    text: str
    dtype: ir.DataType


@dataclass(frozen=True)
class Numbers:
    """A Python list of numbers; `shape` is that of the tensor which it stands for."""

    items: tuple[str, ...]
    dtype: ir.DataType
    shape: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The list as an expression."""
        return f"[{', '.join(self.items)}]"


Known = Number | Numbers


@dataclass
class Statements:
    """The body of a function: `lines` compute `results`, in terms of the parameters; `imports` are what they need."""

    lines: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)


def statements(
    draft: OnnxDraft,
    inputs: Sequence[str],
    taken: Sequence[str],
    computed: Collection[str] = (),
    script: bool = False,
) -> Statements:
    """The nodes of a model's main graph. `inputs` are the expressions for its inputs, `taken` names that are not free.

    What is in `computed` may come as a tensor, so that Python cannot compute with it. A `script` is compiled by
    onnxscript, and not run: it knows dtypes by number only, and no names but `op`. Raises Unprintable.
    """
    return _Printer(draft, inputs, {*taken, _OP, "ir", "math", "np", "base64", "zlib"}, computed, script).printed()


_OP = "op"
"""What the operators of the opset are called in generated code."""


class _Printer:
    def __init__(
        self, draft: OnnxDraft, inputs: Sequence[str], taken: set[str], computed: Collection[str], script: bool
    ) -> None:
        self.draft = draft
        self.script = script
        self.taken = taken
        self.names: dict[ir.Value, str] = {}
        self.known: dict[ir.Value, Known] = {}
        self.out = Statements()
        by_name = {value.name: value for value in draft.model.graph.inputs}
        for binding in draft.inputs:
            value = by_name[binding.name]
            assert binding.position is not None
            text = inputs[binding.position]
            if _is_number(draft, binding.name) and text.partition("[")[0] not in computed:
                self.known[value] = Number(text, value.dtype or ir.DataType.FLOAT)
            else:
                self.names[value] = text

    def printed(self) -> Statements:
        graph = self.draft.model.graph
        for node in graph:
            self._node(node, last=node is graph[-1])
        for value in graph.outputs:
            self._pack(value)
        self.out.results = [self._shown(value) for value in graph.outputs]
        self._inline_result()
        return self.out

    def _node(self, node: ir.Node, last: bool) -> None:
        if any(
            attribute.type in (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
            for attribute in node.attributes.values()
        ):
            raise Unprintable("it has a loop or a branch on values")
        if node.op_identifier() in self.draft.model.functions:
            raise Unprintable(f"it calls the ONNX function `{node.op_type}`")
        for value in node.inputs:
            self._pack(value)
        simple = self._as_python(node)
        if simple is not None:
            self.known[node.outputs[0]] = simple
            return
        if node.op_type == "Identity" and node.inputs[0] in self.names:
            self.names[node.outputs[0]] = self.names[node.inputs[0]]
            return
        call = self._call(node)
        names = [self._named(value, node) if value.uses() or value.is_graph_output() else "_" for value in node.outputs]
        names += ["_"] * (_values_given(node, _schema(node, self.draft.model.opset_imports)) - len(names))
        self.out.lines.append(f"{', '.join(names)} = {call}")

    def _pack(self, value: ir.Value | None) -> None:
        """Give a table of many numbers a name, and lines that unpack it."""
        tensor = value.const_value if value is not None and value not in self.names else None
        if value is None or tensor is None or not _MOST_ELEMENTS < tensor.size <= _MOST_PACKED or self.script:
            return
        array = tensor.numpy()
        if array.dtype.kind not in "fiub" or array.dtype.itemsize * 8 < tensor.dtype.bitwidth:
            return
        name = self._free("numbers")
        self.names[value] = name
        self.out.imports |= number_text.IMPORTS
        self.out.lines += number_text.unpacked(name, array)

    def _call(self, node: ir.Node) -> str:
        schema = _schema(node, self.draft.model.opset_imports)
        parts = [self._argument(node, index, schema) for index in range(len(node.inputs))]
        attributes = [
            f"{name}={self._attribute(name, attribute)}"
            for name, attribute in node.attributes.items()
            if not _is_default(schema, name, attribute)
        ]
        if schema is None and len(node.outputs) > 1:
            attributes.append(f"_outputs={len(node.outputs)}")
        return f"{self._domain(node)}.{node.op_type}({', '.join([*parts, *attributes])})"

    def _domain(self, node: ir.Node) -> str:
        if not node.domain:
            return _OP
        self.out.imports.add("from onnxdx import OnnxDomain")
        return f'OnnxDomain("{node.domain}")'

    def _argument(self, node: ir.Node, index: int, schema: onnx.defs.OpSchema | None) -> str:
        value = node.inputs[index]
        if value is None:
            return "None"
        if value in self.names:
            return self.names[value]
        known = self._known(value)
        hollow = isinstance(known, Numbers) and len(known.shape) > 1 and 0 in known.shape
        implied = _implied(node, index, known.dtype, schema, self._is_tensor)
        fits = implied is known.dtype
        if _is_open(known) and implied is not None:  # a Python number takes what is implied, unless that cuts it off
            fits = implied.is_floating_point() == known.dtype.is_floating_point()
        if fits and not hollow:
            return known.text
        return self._constant(known)

    def _is_tensor(self, value: ir.Value | None) -> bool:
        return value is not None and value in self.names

    def _constant(self, known: Known) -> str:
        """A number as a tensor whose dtype nothing around it implies."""
        if isinstance(known, Numbers) and 0 in known.shape:
            empty = f"{_OP}.ConstantOfShape({list(known.shape)})"
            self.out.imports.add("import onnx_ir as ir")
            is_float = known.dtype is ir.DataType.FLOAT
            return empty if is_float else f"{_OP}.Cast({empty}, to=ir.DataType.{known.dtype.name})"
        kinds = {ir.DataType.INT64: "int", ir.DataType.FLOAT: "float"}
        if known.dtype in kinds:
            plural = "s" if isinstance(known, Numbers) else ""
            if isinstance(known, Numbers) and len(known.shape) > 1:
                self.out.imports.add("import onnx_ir as ir")
                return f"{_OP}.Constant(value=ir.tensor({known.text}, dtype=ir.DataType.{known.dtype.name}))"
            return f"{_OP}.Constant(value_{kinds[known.dtype]}{plural}={known.text})"
        if self.script:
            return f"{_OP}.Cast({known.text}, to={int(known.dtype)})"
        self.out.imports.add("import onnx_ir as ir")
        return f"{_OP}.Constant(value=ir.tensor({known.text}, dtype=ir.DataType.{known.dtype.name}))"

    def _known(self, value: ir.Value) -> Known:
        known = self.known.get(value)
        if known is None:
            known = self.known[value] = self._constant_of(value)
        return known

    def _constant_of(self, value: ir.Value) -> Known:
        tensor = value.const_value
        if tensor is None:
            raise Unprintable(f"nothing computes `{value.name}`")
        if tensor.size > _MOST_ELEMENTS:
            raise Unprintable(f"it holds a constant of {tensor.size} numbers")
        array = tensor.numpy()
        if tensor.dtype not in _PLAIN:
            array = array.astype("float64" if tensor.dtype.is_floating_point() else "int64")
        if array.ndim == 0:
            return Number(self._literal(array.item()), tensor.dtype)
        items = array.tolist()
        return Numbers(tuple(self._literal(item) for item in items), tensor.dtype, tuple(array.shape))

    def _literal(self, item: Any) -> str:
        if isinstance(item, list):
            return f"[{', '.join(self._literal(each) for each in item)}]"
        if isinstance(item, float) and not math.isfinite(item):
            return f'float("{item}")'
        if isinstance(item, float):
            return _short(item)
        return _ENDS.get(item, repr(item)) if isinstance(item, int) and not self.script else repr(item)

    def _attribute(self, name: str, attribute: ir.Attr) -> str:
        value = attribute.value
        if attribute.type is ir.AttributeType.TENSOR:
            self.out.imports.add("import onnx_ir as ir")
            return f"ir.tensor({self._literal(value.numpy().tolist())}, dtype=ir.DataType.{value.dtype.name})"
        if name in ("to", "dtype") and attribute.type is ir.AttributeType.INT and not self.script:
            self.out.imports.add("import onnx_ir as ir")
            return f"ir.DataType.{ir.DataType(value).name}"
        if isinstance(value, (list, tuple)):
            return self._literal(list(value))
        return _text(value) if isinstance(value, str) else self._literal(value)

    def _shown(self, value: ir.Value) -> str:
        if value in self.names:
            return self.names[value]
        return self._constant(self._known(value))

    def _named(self, value: ir.Value, node: ir.Node) -> str:
        raw = value.name or node.op_type
        origin = self.draft.node_of(node)
        if value.is_graph_output() and origin is not None:
            raw = origin.name
        first, _, step = raw.partition(".")
        wanted = base_name(re.sub(r"\W", "_", step or first)).strip("_").lower() or "value"
        wanted = re.sub(r"_default$", "", wanted)
        if keyword.iskeyword(wanted) or hasattr(builtins, wanted):
            wanted = f"{wanted}_"
        if wanted[0].isdigit():
            wanted = f"value_{wanted}"
        self.names[value] = name = self._free(wanted)
        return name

    def _free(self, wanted: str) -> str:
        """The name, or the first with a number behind it that nothing has yet."""
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted.rstrip('_')}_{number}"
        self.taken.add(name)
        return name

    def _inline_result(self) -> None:
        """`return op.Add(...)` where the last statement computes the only result."""
        lines, results = self.out.lines, self.out.results
        if len(results) == 1 and lines and lines[-1].startswith(f"{results[0]} = "):
            self.out.results = [lines.pop().partition(" = ")[2]]

    # --- what is Python arithmetic ---

    def _as_python(self, node: ir.Node) -> Known | None:
        """The result of a node as a Python expression, when all that it takes are Python numbers."""
        if node.domain or not node.inputs or any(value is None or value in self.names for value in node.inputs):
            return None
        if len(node.outputs) != 1 or not any(
            _is_open(self._known(value)) for value in node.inputs if value is not None
        ):
            return None
        given = [self._known(value) for value in node.inputs if value is not None]
        match node.op_type, given:
            case "Identity", [one]:
                return one
            case "Cast", [Number() as one]:
                return _cast(one, ir.DataType(node.attributes["to"].as_int()))
            case "CastLike", [Number() as one, other]:
                return _cast(one, other.dtype)
            case "Neg", [Number() as one]:
                return Number(f"-{_inner(one.text)}", one.dtype)
            case ("Add" | "Sub" | "Mul") as kind, [Number() as one, Number() as other]:
                sign = {"Add": "+", "Sub": "-", "Mul": "*"}[kind]
                return Number(f"{_inner(one.text)} {sign} {_inner(other.text)}", one.dtype)
            case "Div", [Number() as one, Number() as other] if one.dtype.is_floating_point():
                return Number(f"{_inner(one.text)} / {_inner(other.text)}", one.dtype)
            case (("Reshape" | "Unsqueeze"), [Number() as one, Numbers() as shape]) if len(shape.items) == 1:
                return Numbers((one.text,), one.dtype)
            case (("Reshape" | "Squeeze"), [Numbers() as many, *rest]) if _to_scalar(many, rest):
                return Number(many.items[0], many.dtype)
            case "Concat", _ if all(isinstance(each, Numbers) for each in given):
                items = [item for each in given if isinstance(each, Numbers) for item in each.items]
                return Numbers(tuple(items), given[0].dtype)
        return None


_ENDS = {2**63 - 1: "2**63 - 1", -(2**63): "-(2**63)", 1 - 2**63: "1 - 2**63"}
"""How the ends of the integers are written."""

_PLAIN = frozenset(
    {
        ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT64, ir.DataType.INT32, ir.DataType.BOOL, ir.DataType.INT8,
        ir.DataType.UINT8, ir.DataType.INT16,
    }
)  # fmt: skip
"""Element types that numpy prints as they are."""


def _is_number(draft: OnnxDraft, name: str) -> bool:
    """Whether an input of the graph is a plain number in torch, and not a tensor without dimensions."""
    node = draft.values.get(name)
    value = node.meta.get("val") if node is not None else None
    return type(value).__name__ in ("SymInt", "SymFloat")


def _is_open(known: Known) -> bool:
    """Whether an expression depends on a parameter."""
    text = re.sub(r'float\("[^"]*"\)', "", known.text)
    return re.search(r"[A-Za-z_]", re.sub(r"\d[\d.]*e[-+]?\d+|True|False", "", text)) is not None


def _cast(one: Number, to: ir.DataType) -> Number | None:
    if to is one.dtype or (to.is_floating_point() and one.dtype.is_floating_point()):
        return Number(one.text, to)
    if to.is_floating_point() and one.dtype is ir.DataType.INT64:
        return Number(f"float({one.text})", to)
    if to in (ir.DataType.INT64, ir.DataType.INT32):
        return Number(one.text if not one.dtype.is_floating_point() else f"int({one.text})", to)
    return None


def _to_scalar(many: Numbers, rest: Sequence[Known]) -> bool:
    return len(many.items) == 1 and (not rest or (isinstance(rest[0], Numbers) and len(rest[0].items) in (0, 1)))


def _inner(text: str) -> str:
    return text if re.fullmatch(r"[\w.\[\]]+|\w+\([^()]*\)", text) else f"({text})"


def _short(item: float) -> str:
    """The shortest decimal that is the same number in single precision, if it is one of these."""
    single = np.float32(item)
    return str(single) if float(single) == item and "e" not in str(single) else repr(item)


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _schema(node: ir.Node, opsets: Mapping[str, int]) -> onnx.defs.OpSchema | None:
    if node.domain:
        return None
    return onnx.defs.get_schema(node.op_type, 18)


def _values_given(node: ir.Node, schema: onnx.defs.OpSchema | None) -> int:
    """How many values the call of a node gives: also those that the node itself leaves out."""
    if schema is None or node.op_type == "Split":
        return len(node.outputs)
    attributes = {name: attribute.value for name, attribute in node.attributes.items()}
    return output_count(node.domain, node.op_type, len(schema.outputs), attributes)


def _is_default(schema: onnx.defs.OpSchema | None, name: str, attribute: ir.Attr) -> bool:
    if schema is None or name not in schema.attributes:
        return False
    default = schema.attributes[name].default_value
    if default.type == onnx.AttributeProto.UNDEFINED:
        return False
    value = onnx.helper.get_attribute_value(default)
    value = value.decode() if isinstance(value, bytes) else value
    return bool(value == attribute.value)


def _implied(
    node: ir.Node, index: int, dtype: ir.DataType, schema: onnx.defs.OpSchema | None, is_tensor: Any
) -> ir.DataType | None:
    """The element type that a plain number of a type gets at this place, as tracing decides it."""
    natural = ir.DataType.BOOL if dtype is ir.DataType.BOOL else ir.DataType.INT64
    natural = ir.DataType.FLOAT if dtype.is_floating_point() else natural
    if schema is None:
        return natural
    formal = schema.inputs[min(index, len(schema.inputs) - 1)]
    for other, sibling in enumerate(node.inputs):
        place = schema.inputs[min(other, len(schema.inputs) - 1)]
        if place.type_str == formal.type_str and sibling is not None and is_tensor(sibling):
            return sibling.dtype or dtype  # what an inlined function computes has no type here
    if len(formal.types) == 1:
        return ir.DataType[_ELEMENT[next(iter(formal.types))]] if next(iter(formal.types)) in _ELEMENT else None
    return natural


_ELEMENT = {"tensor(int64)": "INT64", "tensor(float)": "FLOAT", "tensor(bool)": "BOOL", "tensor(int32)": "INT32"}
