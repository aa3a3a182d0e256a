"""Dispatch: for every operator of the program at once, the ONNX function that stands for it or the reason why none."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

import onnx_ir as ir
import torch
from torch import fx

from onnxdx.compat.torch_operators import OpOverload, name_of, schema
from onnxdx.compat.writing_operators import ReturningOperator, written_names
from onnxdx.dtypes import onnx_dtype
from onnxdx.graph.operators import (
    called,
    is_assertion,
    is_higher_order,
    is_operator,
    is_strided,
    touches_layout,
    written_as,
)
from onnxdx.graph.writing import hindrance
from onnxdx.ops.control_flow import TRANSLATED
from onnxdx.registry import Entry, OnnxRegistry, key_of, select
from onnxdx.tracing.signatures import dropped
from onnxdx.user_functions.unused_functions import exists, misnamed, unused_functions
from onnxdx.values import DecomposedProgram, DispatchPlan, Placement
from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction
from onnxdx_diagnostics.rules.dx302_only_other_overload import OnlyOtherOverload
from onnxdx_diagnostics.rules.dx303_complex_not_supported import ComplexNotSupported
from onnxdx_diagnostics.rules.dx305_argument_not_supported import ArgumentNotSupported
from onnxdx_diagnostics.rules.dx307_opset_too_low import OpsetTooLow
from onnxdx_diagnostics.rules.dx308_layout_not_supported import LayoutNotSupported
from onnxdx_diagnostics.rules.dx309_use_not_supported import UseNotSupported
from onnxdx_diagnostics.sink import Sink

_WITHOUT_MEANING = frozenset(
    {"layout", "device", "pin_memory", "memory_format", "non_blocking", "requires_grad", "generator", "copy", "stable"}
)
"""Arguments of ATen operators that do not change what an ONNX model computes."""


def run(program: DecomposedProgram, sink: Sink) -> DispatchPlan:
    """Place every operator node. Each node without a placement is a finding, unless one was said already."""
    placements: dict[fx.Node, Placement] = {}
    registry = program.captured.request.options.onnx_registry or OnnxRegistry()
    told: set[fx.Node] = set()
    for _, graph in program.graphs():
        for node in graph.nodes:
            if node.op != "call_function" or node in program.dead_ends:
                continue
            if touches_layout(node):
                reason = _layout(node, program, told)
            else:
                reason = _place(node, registry, program, placements)
            if reason is not None:
                sink.emit(reason)
    for unused in unused_functions(program, registry, placements):
        sink.emit(unused)
    files = _files(registry, program)
    if files:
        sink.record({"registry": ", ".join(files)})
    return DispatchPlan(program, placements)


def _files(registry: OnnxRegistry, program: DecomposedProgram) -> list[str]:
    """The files other than that of the model itself in which functions are registered, as people name them."""
    request = program.captured.request
    own = request.call_site.path if request.call_site is not None else ""
    paths = {entry.registered.rpartition(":")[0] for entries in registry.user.values() for entry in entries}
    return [shown_path(path, request.root) for path in sorted(paths - {own, ""})]


def _layout(node: fx.Node, program: DecomposedProgram, told: set[fx.Node]) -> Finding | None:
    """Where a tensor that is not dense comes in or is made; what is computed from it is a consequence."""
    odd = [argument for argument in node.all_input_nodes if not is_strided(argument.meta.get("val"))]
    given = [argument for argument in odd if argument.op != "call_function"]
    site = program.captured.sources.site(node)
    if not odd and is_strided(node.meta["val"]):  # the capture has told it already: it cannot hold such a tensor
        return None
    if not odd:
        return LayoutNotSupported(site, called(node), str(node.meta["val"].layout))
    if not given or given[0] in told:
        return None
    told.update(given)
    signature = program.exported.graph_signature.input_specs
    targets = {getattr(spec.arg, "name", ""): spec.target for spec in signature}
    name = targets.get(given[0].name) or given[0].name
    return LayoutNotSupported(site, name, str(given[0].meta["val"].layout))


def _place(
    node: fx.Node, registry: OnnxRegistry, program: DecomposedProgram, placements: dict[fx.Node, Placement]
) -> Finding | None:
    sources = program.captured.sources
    if is_assertion(node):
        return None
    if is_higher_order(node):
        known = getattr(node.target, "__name__", "") in TRANSLATED
        return None if known else _written(node, registry, program)
    if not is_operator(node):
        return None
    entry = select(registry, node, program.captured.request.options.opset_version)
    if entry is None:
        return _missing(node, registry, program)
    ignored = _ignored_arguments(node, entry)
    if ignored:
        return ArgumentNotSupported(sources.site(node), called(node), ignored, entry.origin)
    placements[node] = Placement(entry, _promotions(node))
    return None


def _written(node: fx.Node, registry: OnnxRegistry, program: DecomposedProgram) -> Finding:
    """Why a higher-order operator cannot be placed, in terms of the operator that it calls."""
    operators = [argument for argument in node.args if isinstance(argument, OpOverload)]
    site = program.captured.sources.site(node)
    if not operators:
        return NoOnnxFunction(site, called(node))
    writes = schema(operators[0]).is_mutable
    use = hindrance(node) if "auto_functionalized" in called(node) else "it is called in the order of its effects"
    if registry.entries(operators[0]) or writes:
        return UseNotSupported(site, str(operators[0]), use, writes)
    return NoOnnxFunction(site, str(operators[0]))


def _missing(node: fx.Node, registry: OnnxRegistry, program: DecomposedProgram) -> Finding:
    site = program.captured.sources.site(node)
    entries = registry.entries(node.target)
    opset = program.captured.request.options.opset_version
    too_new = [entry.since for entry in entries if entry.since > opset]
    if too_new:
        return OpsetTooLow(site, called(node), min(too_new), opset)
    if entries:
        return ComplexNotSupported(site, called(node), takes_complex=entries[0].complex)
    name = key_of(node.target).partition(".")[0]
    others = tuple(other for other in registry if other.partition(".")[0] == name and exists(other))
    if others:
        return OnlyOtherOverload(site, called(node), others)
    meant = misnamed(registry, key_of(node.target))
    misnomer = (meant.operator, meant.registered) if meant is not None else ("", "")
    writes = tuple(written_names(node.target)) if isinstance(node.target, ReturningOperator) else ()
    return NoOnnxFunction(site, called(node), _alike(name, registry), written_as(node), *misnomer, writes)


def _alike(name: str, registry: OnnxRegistry) -> tuple[str, ...]:
    """Operators of the same namespace that are called much like this one."""
    namespace, _, own = name.partition("::")
    others = [other.partition("::")[2] for other in registry if other.startswith(f"{namespace}::")]
    return tuple(f"{namespace}::{other}" for other in difflib.get_close_matches(own, others, 3, 0.8))


def _ignored_arguments(node: fx.Node, entry: Entry) -> tuple[str, ...]:
    """Arguments that mean something, differ from their default, and have no parameter in the ONNX function."""
    if not isinstance(node.target, OpOverload):
        return ()
    extra, names = dropped(entry.signature, node.args, node.kwargs)
    arguments = {argument.name: argument for argument in schema(node.target).arguments}
    positional = [name for name, argument in arguments.items() if not argument.kwarg_only]
    given = dict(node.kwargs)
    given.update(zip(positional, node.args, strict=False))
    tail = positional[len(node.args) - extra : len(node.args)] if extra else []
    return tuple(
        name
        for name in (*tail, *sorted(names))
        if name not in _WITHOUT_MEANING and _matters(given[name], arguments.get(name))
    )


def _matters(value: object, argument: torch.Argument | None) -> bool:
    if value is None or isinstance(value, (torch.device, torch.layout, torch.memory_format)):
        return False
    return argument is None or not argument.has_default_value() or bool(value != argument.default_value)


def _promotions(node: fx.Node) -> Mapping[int, ir.DataType]:
    """Which positional tensor arguments of a pointwise operator to convert first, as torch's type promotion does.

    Operators that compute in a common dtype take it from their result; those with a boolean result (comparisons) from
    `torch.result_type` of their arguments. See "Type promotion" in the tensor attributes page of torch's documentation.
    """
    if not isinstance(node.target, OpOverload) or not _promotes(node.target):
        return {}
    result = node.meta.get("val")
    if not isinstance(result, torch.Tensor):
        return {}
    flat = _tensor_arguments(node)
    common = _common_dtype(node, [value for _, value in flat]) if result.dtype is torch.bool else result.dtype
    if common is None:
        return {}
    if common.is_complex:
        return {index: target for index, value in flat if (target := _complex_target(value, common)) is not None}
    target = onnx_dtype(torch.empty((), dtype=common))
    assert target is not None
    return {index: target for index, value in flat if _dtype_of(value) is not common}


def _complex_target(value: object, common: torch.dtype) -> ir.DataType | None:
    """To what an operand of a complex operation is converted; a complex dtype stands for a real tensor made a pair."""
    if not isinstance(value, torch.Tensor):
        return None
    if value.dtype.is_complex:
        return None if value.dtype is common else onnx_dtype(torch.empty((), dtype=common))
    return ir.DataType.COMPLEX128 if common is torch.complex128 else ir.DataType.COMPLEX64


_CONDITION_FIRST = frozenset(
    {"aten::where.self", "aten::where.ScalarOther", "aten::where.ScalarSelf", "aten::where.Scalar"}
)
_CONDITION_SECOND = frozenset({"aten::masked_fill.Scalar", "aten::masked_fill.Tensor"})
_KEEPS_DTYPES = frozenset(
    {
        "aten::to", "aten::_to_copy", "aten::clone", "aten::copy", "aten::logical_and", "aten::logical_or",
        "aten::logical_not", "aten::logical_xor", "aten::isnan", "aten::isinf", "aten::isfinite", "aten::signbit",
        "aten::type_as", "aten::polygamma", "aten::ldexp",
    }
)  # fmt: skip


_PROMOTE_UNTAGGED = frozenset({"aten::cat", "aten::where.self", "aten::stack"}) | {
    f"aten::{name}.Tensor" for name in ("greater", "greater_equal", "less", "less_equal")
}
"""Operators that promote though torch does not tag them as pointwise, as no other names of tagged ones are."""


def _promotes(target: OpOverload) -> bool:
    if name_of(target).partition(".")[0] in _KEEPS_DTYPES:
        return False
    return torch.Tag.pointwise in target.tags or name_of(target) in _PROMOTE_UNTAGGED


def _tensor_arguments(node: fx.Node) -> list[tuple[int, object]]:
    """Positional arguments that are captured values and take part in promotion; list items count as their list."""
    name = name_of(node.target) if isinstance(node.target, OpOverload) else ""
    condition = 0 if name in _CONDITION_FIRST else 1 if name in _CONDITION_SECOND else None
    found: list[tuple[int, object]] = []
    for index, argument in enumerate(node.args):
        items = argument if isinstance(argument, (list, tuple)) else [argument]
        nodes = [item for item in items if isinstance(item, fx.Node) and index != condition]
        found.extend((index, node_given.meta.get("val")) for node_given in nodes)
    return found


def _dtype_of(value: object) -> torch.dtype | None:
    if isinstance(value, torch.Tensor):
        return value.dtype.to_real() if value.dtype.is_complex else value.dtype
    if isinstance(value, (torch.SymInt, int)):
        return torch.int64
    if isinstance(value, (torch.SymFloat, float)):
        return torch.float32
    return None


def _common_dtype(node: fx.Node, values: list[object]) -> torch.dtype | None:
    """The dtype in which a comparison compares."""
    constants = [item for item in node.args if isinstance(item, (int, float, bool))]
    operands = [*values, *constants]
    if len(operands) < 2:
        return None
    samples = [
        torch.empty((1,) * value.dim(), dtype=value.dtype) if isinstance(value, torch.Tensor) else _sample(value)
        for value in operands
    ]
    return torch.result_type(samples[0], samples[1])


def _sample(value: object) -> int | float | bool:
    if isinstance(value, (torch.SymFloat, float)):
        return 1.0
    return value if isinstance(value, bool) else 1
