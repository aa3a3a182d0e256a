"""The only place with private names of torch and onnxscript: for each, why it is needed and since which version.

`torch.onnx._internal` is not used, here or anywhere: that exporter is the peer, not the engine.
"""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import sympy
import torch
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

# What torch.export raises, by class and not by text: dynamo's graph breaks and user errors (2.9 - 2.14).
from torch._dynamo.exc import Unsupported, UserError, UserErrorType

# OpOverload and HigherOrderOperator are the types of `fx.Node.target`; torch has no public name for them (2.9 - 2.14).
from torch._ops import HigherOrderOperator, OpOverload

# FakeTensorMode carries the shapes that capture saw; needed to decompose a node under the same symbols. The exceptions
# are what operators raise under fake tensors: value or shape depends on data, or no fake kernel (2.9 - 2.14).
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
    UnsupportedOperatorException,
)

# A Python decision on a number that depends on tensor data, and a dim that cannot be what was asked (2.9 - 2.14).
from torch.fx.experimental.symbolic_shapes import ConstraintViolationError, GuardOnDataDependentSymNode, ShapeEnv

__all__ = [
    "PLAIN_LEAVES",
    "ConstraintViolationError",
    "DataDependentOutputException",
    "DynamicOutputShapeException",
    "FakeTensor",
    "FakeTensorMode",
    "GuardOnDataDependentSymNode",
    "HigherOrderOperator",
    "OpOverload",
    "Unsupported",
    "UnsupportedOperatorException",
    "UserError",
    "UserErrorType",
    "children_of",
    "decompositions",
    "equality",
    "fake_mode_of",
    "flat_inputs",
    "graph_break",
    "guards_of",
    "has_fake_kernel",
    "holds",
    "is_relation",
    "is_violation",
    "leaves_of",
    "no_printed_graphs",
    "output_paths",
    "real_tensors",
    "recurrent_layers_as_operators",
    "schema",
    "shape_env_of",
    "size_decisions",
    "stack_texts",
    "symbols_of",
    "written",
]


def decompositions() -> Mapping[OpOverload, Callable[..., Any]]:
    """Every decomposition torch has in Python, core or not.

    `torch.export.default_decompositions()` is public but lists only the core ATen ones; the rest of
    `torch._decomp.decomposition_table` is what it is drawn from (2.9 - 2.14).
    """
    from torch._decomp import decomposition_table

    return cast("Mapping[OpOverload, Callable[..., Any]]", decomposition_table)


def name_of(target: OpOverload | HigherOrderOperator) -> str:
    """ "aten::add.Tensor"; `name()` has no annotations in torch (2.9 - 2.14)."""
    return str(target.name())  # type: ignore[no-untyped-call]


def is_composite(target: OpOverload) -> bool:
    """Whether the operator is a composition of others (CompositeImplicitAutograd, of `torch._C.DispatchKey`)."""
    return bool(target.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd))


def is_functorch(target: object) -> bool:
    """Whether a captured call belongs to vmap or grad (`torch._functorch.predispatch`, 2.9 - 2.14)."""
    return (getattr(target, "__module__", None) or "").startswith("torch._functorch")


def schema(target: OpOverload) -> torch.FunctionSchema:
    """The operator's schema; `OpOverload._schema` has no public name (2.9 - 2.14)."""
    return target._schema


def fake_mode_of(value: object) -> FakeTensorMode | None:
    """The fake mode that a captured tensor belongs to (`FakeTensor.fake_mode`, 2.9 - 2.14)."""
    mode = getattr(value, "fake_mode", None)
    return mode if isinstance(mode, FakeTensorMode) else None


def flat_inputs(exported: torch.export.ExportedProgram, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """`args` and `kwargs` flattened in the order of the program's placeholders.

    Keyword arguments are put into the captured order first. pytree has no public flatten for nested containers of
    Python (2.9 - 2.14). Raises ValueError when the structure is not that of the capture.
    """
    from torch.utils import _pytree

    in_spec = exported.call_spec.in_spec
    if in_spec is None:
        return list(args)
    captured = in_spec.children()[1].context if in_spec.children() else []
    names = list(captured or [])
    ordered = {name: kwargs[name] for name in names if name in kwargs}
    ordered.update({name: value for name, value in kwargs.items() if name not in ordered})
    flat, spec = _pytree.tree_flatten((tuple(args), ordered))
    if spec != in_spec:
        raise ValueError(f"the inputs have the structure {spec}, but the model was captured with {in_spec}")
    return list(flat)


def unflatten_inputs(exported: torch.export.ExportedProgram, flat: Sequence[Any]) -> tuple[Any, Any]:
    """The inverse of `flat_inputs`: args and kwargs (`torch.utils._pytree.tree_unflatten`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    in_spec = exported.call_spec.in_spec
    if in_spec is None:
        return tuple(flat), {}
    args, kwargs = _pytree.tree_unflatten(list(flat), in_spec)
    return args, kwargs


def output_paths(exported: torch.export.ExportedProgram) -> list[tuple[str, ...]]:
    """For each flat output its path of keys in the model's own output structure ("logits",), ("1", "0"), ...

    The keys are read from the spec alone, because classes may refuse to be built of anything but tensors. A spec's
    `context` is documented by nothing but `torch.utils._pytree` itself (2.9 - 2.14): the keys of a mapping or of a
    model output, the class of a named tuple, the fields of a dataclass that are set and that are not.
    """
    out_spec = exported.call_spec.out_spec
    return [] if out_spec is None else list(_leaf_paths(out_spec, ()))


def _leaf_paths(spec: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    children = spec.children()
    if spec.type is None or (not children and spec.num_leaves == 1):
        yield path
        return
    context = spec.context
    if isinstance(context, list) and len(context) == 2 and all(isinstance(part, list) for part in context):
        context = context[0]
    fields = getattr(context, "_fields", context)
    named = isinstance(fields, (list, tuple)) and len(fields) == len(children)
    keys = [str(key) for key in fields] if named and all(isinstance(key, str) for key in fields) else []
    for index, child in enumerate(children):
        yield from _leaf_paths(child, (*path, keys[index] if keys else str(index)))


# --- capture: stacks, symbolic sizes and errors of torch.export ---


@contextlib.contextmanager
def stack_texts(record: Callable[[], str]) -> Iterator[None]:
    """While open, a new graph node gets the stack text that `record` makes instead of torch's own.

    In non-strict mode torch keeps only frames whose function is called `forward`, so that a helper function's line is
    lost, and symbolises the whole stack for each node (`TracerBase.create_node`, `record_stack_traces`, 2.9 - 2.14).
    """
    from torch.fx.proxy import TracerBase

    original = TracerBase.create_node

    def create_node(self: TracerBase, *args: Any, **kwargs: Any) -> torch.fx.Node:
        if not self.record_stack_traces:
            return original(self, *args, **kwargs)
        self.record_stack_traces = False
        try:
            node = original(self, *args, **kwargs)
        finally:
            self.record_stack_traces = True
        if not node.stack_trace:
            node.stack_trace = record() or None
        return node

    with _replaced(TracerBase, "create_node", create_node):
        yield


@contextlib.contextmanager
def size_decisions(on_guard: Callable[[Any], None], on_guess: Callable[[Any], None]) -> Iterator[None]:
    """While open, hears of every condition on sizes that torch takes as true, and of all it decides by real values.

    The two methods of ShapeEnv are where torch itself logs these for draft export; the public way, its structured log,
    writes files (2.9 - 2.14).
    """
    log_guard = ShapeEnv._log_guard

    def guard(self: ShapeEnv, prefix: str, expression: Any, *args: Any, **kwargs: Any) -> None:
        on_guard(expression)
        log_guard(self, prefix, expression, *args, **kwargs)

    def guess(self: ShapeEnv, expression: Any, value: Any) -> None:
        on_guess(expression)

    with (
        _replaced(ShapeEnv, "_log_guard", guard),
        _replaced(ShapeEnv, "_log_real_tensor_propagation", guess),
    ):
        yield


@contextlib.contextmanager
def no_printed_graphs() -> Iterator[None]:
    """While open, torch.export does not print the graph it had so far to stderr when it fails.

    The wrapper of `torch.export._trace` prints `partial_fx_graph`, with no option against it (2.9 - 2.14).
    """
    from torch.export import _trace

    vars(_trace)["print"] = lambda *values, **options: None
    try:
        yield
    finally:
        del vars(_trace)["print"]


@contextlib.contextmanager
def _replaced(owner: object, name: str, method: Callable[..., Any]) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, original)


@contextlib.contextmanager
def real_tensors() -> Iterator[None]:
    """While open, torch.export decides what depends on data by the data of the inputs.

    This is what `torch.export.draft_export` does; that function also writes a log folder. Each operator is then run for
    real and compared with its fake kernel; that a size in this comparison depends on data is no mismatch (2.9 - 2.14).
    """
    import torch._functorch.config as functorch
    from torch._subclasses import fake_utils

    compare = fake_utils._check_fake_real_tensors

    def compare_what_is_known(*args: Any, **kwargs: Any) -> None:
        with contextlib.suppress(GuardOnDataDependentSymNode):
            compare(*args, **kwargs)

    with (
        functorch.patch(fake_tensor_propagate_real_tensors=True, generate_fake_kernels_from_real_mismatches=True),
        _replaced(fake_utils, "_check_fake_real_tensors", compare_what_is_known),
    ):
        yield


@contextlib.contextmanager
def recurrent_layers_as_operators() -> Iterator[None]:
    """While open, recurrent operators only say the shapes of their results when torch.export traces them.

    Torch's own Python kernels for `aten.lstm` and its kin run the layer step by step, which fixes the number of steps
    and the size of the batch (`OpOverload.py_kernels` and its dispatch cache, 2.9 - 2.14).
    """
    operators = [getattr(torch.ops.aten, name).input for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")]
    known = [dict(operator.py_kernels) for operator in operators]
    try:
        for operator in operators:
            operator.py_kernels.update(dict.fromkeys(operator.py_kernels, _recurrent_shapes))
            operator._dispatch_cache.clear()
        yield
    finally:
        for operator, kernels in zip(operators, known, strict=True):
            operator.py_kernels.update(kernels)
            operator._dispatch_cache.clear()


def _recurrent_shapes(
    input: torch.Tensor, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> tuple[torch.Tensor, ...]:  # fmt: skip
    states = list(hx) if isinstance(hx, (list, tuple)) else [hx]
    width = states[0].shape[-1] * (2 if bidirectional else 1)
    return (input.new_empty([*input.shape[:-1], width]), *(torch.empty_like(state) for state in states))


def shape_env_of(exported: torch.export.ExportedProgram) -> ShapeEnv | None:
    """The symbols and guards of a captured program, if any of its sizes is symbolic (`FakeTensorMode.shape_env`)."""
    for node in exported.graph.nodes:
        mode = fake_mode_of(node.meta.get("val"))
        if mode is not None:
            return mode.shape_env
    return None


def guards_of(exported: torch.export.ExportedProgram) -> list[tuple[Any, str, int, str]]:
    """The guards of a captured program: condition, and file, line and function of the frame that asked for it.

    `ShapeEnv.guards` holds `ShapeGuard(expr, sloc)`; `framework_loc` is the innermost frame outside torch's symbolic
    machinery, a FrameSummary in non-strict mode (2.9 - 2.14).
    """
    env = shape_env_of(exported)
    found: list[tuple[Any, str, int, str]] = []
    for guard in env.guards if env is not None else ():
        place = guard.sloc.framework_loc
        if isinstance(place, traceback.FrameSummary):
            found.append((guard.expr, place.filename, place.lineno or 0, place.name))
    return found


def symbols_of(env: ShapeEnv) -> dict[str, str]:
    """Torch's names of the input sizes ("L['x'].size()[0]") and their symbols (`source_to_var`, 2.9 - 2.14)."""
    return {source: str(symbol) for source, symbol in env.source_to_var.items()}


def holds(condition: Any, sizes: Mapping[str, int]) -> bool:
    """Whether a sympy condition is true for these sizes; a condition that cannot be computed counts as true."""
    values = {symbol: sizes[str(symbol)] for symbol in condition.free_symbols if str(symbol) in sizes}
    try:
        result = condition.xreplace(values)
        return bool(result) if not getattr(result, "free_symbols", None) else True
    except (TypeError, ZeroDivisionError, ValueError):
        return True


def written(expression: Any, names: Mapping[str, str]) -> str:
    """A sympy expression over sizes as Python, with `names` for its symbols.

    Torch's own functions (`Mod`, `PythonMod`, `FloorDiv`, ...) print as calls or as `a//b` (2.9 - 2.14).
    """
    if isinstance(expression, (sympy.And, sympy.Or)):
        word = " and " if isinstance(expression, sympy.And) else " or "
        return word.join(sorted(written(part, names) for part in expression.args))
    if isinstance(expression, sympy.core.relational.Relational):
        return f"{_side(expression.lhs, names)} {expression.rel_op} {_side(expression.rhs, names)}"
    return _side(expression, names)


def _side(expression: Any, names: Mapping[str, str]) -> str:
    return re.sub(r"\b[a-z]+\d+\b", lambda match: names.get(match[0], match[0]), _SizePrinter().doprint(expression))


class _SizePrinter(StrPrinter):  # type: ignore[misc]
    """Prints torch's functions over sizes as Python's operators; the methods are named after torch's classes."""

    def _print_Mod(self, expression: Any) -> str:
        return self._operation(expression, "%")

    def _print_FloorDiv(self, expression: Any) -> str:
        return self._operation(expression, "//")

    def _operation(self, expression: Any, sign: str) -> str:
        parts = (self.parenthesize(part, PRECEDENCE["Pow"]) for part in expression.args)
        return f" {sign} ".join(parts)

    _print_PythonMod = _print_Mod
    _print_CleanDiv = _print_FloorDiv


def equality(condition: Any, names: Mapping[str, str]) -> str:
    """`a == b + 1` as the declaration `a = b + 1`; empty when no side is a size by itself (a sympy Eq, 2.9 - 2.14)."""
    if not isinstance(condition, sympy.Eq):
        return ""
    for one, other in ((condition.lhs, condition.rhs), (condition.rhs, condition.lhs)):
        if one.is_Symbol:
            return f"{_side(one, names)} = {_side(other, names)}"
    return ""


def children_of(value: object) -> Sequence[Any] | None:
    """The parts of a container that pytree knows but Python does not (a registered class); None for anything else.

    `torch.utils._pytree.SUPPORTED_NODES` has no public name (2.9 - 2.14).
    """
    from torch.utils import _pytree

    known = _pytree.SUPPORTED_NODES.get(type(value))
    return list(known.flatten_fn(value)[0]) if known is not None else None


def leaves_of(value: object) -> list[Any]:
    """The leaves of a nested structure, as torch.export sees them (`torch.utils._pytree.tree_leaves`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    return list(_pytree.tree_leaves(value))


def has_fake_kernel(target: OpOverload) -> bool:
    """Whether an operator can run on fake tensors (`torch._library.utils.has_fake_kernel`, 2.9 - 2.14)."""
    from torch._library import utils

    return utils.is_builtin(target) or utils.has_fake_kernel(target)


# Leaves of inputs and outputs that torch.export takes: public types, but the list of them is not public (2.9 - 2.14).
PLAIN_LEAVES: tuple[type, ...] = (
    *(torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool, torch.ScriptObject),
    *(bool, int, float, complex, str, bytes, type(None), slice, type(...)),
    *(torch.dtype, torch.device, torch.layout, torch.memory_format),
)


def is_relation(condition: object) -> bool:
    """Whether what torch could not decide is true or false, and not a number (a sympy expression, 2.9 - 2.14)."""
    return bool(getattr(condition, "is_Boolean", False) or getattr(condition, "is_Relational", False))


def is_violation(error: BaseException) -> bool:
    """Whether a dim cannot be as dynamic as it was asked to be.

    Dims by hint (`Dim.DYNAMIC`) that come out constant raise a bare ValueError, known by its text only (2.9 - 2.14).
    """
    if isinstance(error, ConstraintViolationError):
        return True
    if isinstance(error, UserError):
        return error.error_type is UserErrorType.CONSTRAINT_VIOLATION
    return isinstance(error, ValueError) and "conflicts between user-specified ranges and inferred ranges" in str(error)


def graph_break(error: Unsupported) -> tuple[str, str, str]:
    """Of a graph break of dynamo: its kind, its explanation, and its number ("GB0147").

    `Unsupported.gb_type` holds the kind; explanation and number stand in the text only (2.9 - 2.14).
    """
    text = str(error)
    explanation = re.search(r"^\s*Explanation: (.+?)(?=^\s*(?:Hint|Developer debug context):|\Z)", text, re.S | re.M)
    number = re.search(r"/gb/gb(\d+)\.html", text)
    kind = getattr(error, "gb_type", None) or text.partition("\n")[0]
    said = re.sub(r" in file `[^`]+`", "", " ".join(explanation[1].split())) if explanation else ""
    return str(kind), said, f"GB{number[1]}" if number else ""
