"""The only place with private names of torch and onnxscript: for each, why it is needed and since which version.

`torch.onnx._internal` is not used, here or anywhere: that exporter is the peer, not the engine.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
import operator
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, cast

import sympy
import torch
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter
from sympy.printing.str import StrPrinter

# What torch.export raises, by class and not by text: dynamo's graph breaks and user errors (2.9 - 2.14).
from torch._dynamo.exc import UncapturedHigherOrderOpError, Unsupported, UserError, UserErrorType

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
from torch.fx.experimental.symbolic_shapes import (
    ConstraintViolationError,
    GuardOnDataDependentSymNode,
    PendingUnbackedSymbolNotFound,
    ShapeEnv,
)

# Sees every operator that is called while it is open; subclassed, and without another name (2.9 - 2.14).
from torch.utils._python_dispatch import TorchDispatchMode

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
    "ShapeEnv",
    "TorchDispatchMode",
    "Unsupported",
    "UnsupportedOperatorException",
    "UserError",
    "UserErrorType",
    "attributes_as_left",
    "called_module",
    "captured_values",
    "children_of",
    "control_flow_calls",
    "control_flow_named",
    "control_flow_of",
    "control_flow_problem",
    "decompositions",
    "equality",
    "fake_kernel_of",
    "fake_mode_of",
    "flat_inputs",
    "graph_break",
    "guards_of",
    "has_fake_kernel",
    "holds",
    "is_about",
    "is_builtin",
    "is_opaque",
    "is_relation",
    "is_traced",
    "is_violation",
    "joined",
    "kernel_of",
    "known_types",
    "leaves_of",
    "needs_memory",
    "no_printed_graphs",
    "noted_errors",
    "on_fake_tensors",
    "output_paths",
    "outside_of_capture",
    "program_of_run",
    "real_state",
    "real_tensors",
    "real_value",
    "real_values",
    "recurrent_layers_as_operators",
    "schema",
    "shape_env_of",
    "size_decisions",
    "sizes_kept",
    "stack_texts",
    "symbolic_function",
    "symbols_of",
    "traced_run",
    "with_fake_values",
    "with_leaves",
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


def only_overload(target: Callable[..., Any]) -> Callable[..., Any]:
    """The overload that an operator stands for: of a custom operator, or of one with a single or a default overload.

    Functions of Python on sizes (`operator.add`, `math.ceil`) stand for themselves. Raises TypeError when `target` is
    no operator, ValueError when it is open which overload is meant (`CustomOpDef._opoverload` and `OpOverloadPacket`
    have no public names, 2.9 - 2.14).
    """
    from torch._library.custom_ops import CustomOpDef
    from torch._ops import OpOverloadPacket

    if isinstance(target, OpOverload):
        return target
    if isinstance(target, CustomOpDef):
        return target._opoverload
    if not isinstance(target, OpOverloadPacket):
        if getattr(target, "__module__", "") in ("_operator", "math", "torch"):
            return target
        raise TypeError(f"{target!r} is no operator of torch")
    overloads = {name: schema(getattr(target, name)) for name in target.overloads() if not name.endswith("out")}
    names = [name for name, own in overloads.items() if any("Tensor" in str(each.type) for each in own.returns)]
    if len(names) != 1 and "default" not in names:
        raise ValueError(f"{target} has the overloads {', '.join(names)}: give one of them")
    found: Callable[..., Any] = getattr(target, "default" if "default" in names else names[0])
    return found


def is_composite(target: OpOverload) -> bool:
    """Whether the operator is a composition of others (CompositeImplicitAutograd, of `torch._C.DispatchKey`)."""
    return bool(target.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd))


def is_functorch(target: object) -> bool:
    """Whether a captured call belongs to vmap or grad (`torch._functorch.predispatch`, 2.9 - 2.14)."""
    return (getattr(target, "__module__", None) or "").startswith("torch._functorch")


def is_functorch_tensor(value: object) -> bool:
    """Whether a tensor belongs to a vmap or a derivative (`torch._C._functorch`, 2.9 - 2.14)."""
    return isinstance(value, torch.Tensor) and bool(torch._C._functorch.is_functorch_wrapped_tensor(value))


def schema(target: OpOverload) -> torch.FunctionSchema:
    """The operator's schema; `OpOverload._schema` has no public name (2.9 - 2.14)."""
    return target._schema


def fake_mode_of(value: object) -> FakeTensorMode | None:
    """The fake mode that a captured tensor belongs to (`FakeTensor.fake_mode`, 2.9 - 2.14)."""
    mode = getattr(value, "fake_mode", None)
    return mode if isinstance(mode, FakeTensorMode) else None


@contextlib.contextmanager
def outside_of_modes() -> Iterator[None]:
    """While open, no dispatch mode sees what is called (`_disable_current_modes`, 2.9 - 2.14)."""
    from torch.utils._python_dispatch import _disable_current_modes

    with _disable_current_modes():
        yield


def storage_key(storage: torch.UntypedStorage) -> int:
    """What tells one storage from another, fake ones too, as long as it lives (`_cdata`, 2.9 - 2.14)."""
    return int(storage._cdata)


def storage_offset_in_file(storage: torch.UntypedStorage) -> int | None:
    """Where in its file a storage begins that was loaded without its values; None when torch does not tell.

    `torch.load(map_location="meta")` leaves it in `_checkpoint_offset` (2.9 - 2.14).
    """
    offset = getattr(storage, "_checkpoint_offset", None)
    return offset if isinstance(offset, int) else None


def written_arguments(target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """The arguments of a call that the operator's schema says are written."""
    for index, parameter in enumerate(schema(target).arguments):
        if parameter.alias_info is None or not parameter.alias_info.is_write:
            continue
        if index < len(args) and not parameter.kwarg_only:
            yield args[index]
        elif parameter.name in kwargs:
            yield kwargs[parameter.name]


def own_state(module: torch.nn.Module) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers that a module itself holds, to be replaced in place (`_parameters`, `_buffers`).

    Setting them as attributes would go through what the user's class makes of that (2.9 - 2.14).
    """
    if isinstance(module, torch.jit.ScriptModule):
        return {}, {}
    return module._parameters, module._buffers


@contextlib.contextmanager
def drawing_without_values() -> Iterator[None]:
    """While open, a truncated normal distribution is drawn once: torch draws again until all values are in bounds.

    Values of fake tensors never are (`torch.nn.init._no_grad_trunc_normal_`, 2.9 - 2.14).
    """

    def draw(
        tensor: torch.Tensor, mean: float, std: float, a: float, b: float, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        with torch.no_grad():
            return tensor.normal_(mean, std, generator=generator).clamp_(a, b)

    with _replaced(torch.nn.init, "_no_grad_trunc_normal_", draw):
        yield


def forget_conversions(mode: FakeTensorMode) -> None:
    """Have a fake mode hold no weak references to its tensors.

    torch swaps a fake parameter with what `module.half()` makes of it, which it refuses for tensors with weak
    references - and its own memo of what it made fake has one to each (`MetaConverter.tensor_memo`, 2.9 - 2.14).
    """
    mode.fake_tensor_converter.meta_converter.tensor_memo.clear()


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
    modules = {type(leaf) for leaf in leaves_of((tuple(args), ordered)) if isinstance(leaf, torch.nn.Module)}
    with _modules_taken_apart(modules):
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
    with _modules_taken_apart(set(_modules_in(in_spec))):
        args, kwargs = _pytree.tree_unflatten(list(flat), in_spec)
    return args, kwargs


@contextlib.contextmanager
def _modules_taken_apart(kinds: set[type[torch.nn.Module]]) -> Iterator[None]:
    """While open, modules among inputs are their tensors, as torch.export takes them.

    That is what `_enable_graph_inputs_of_type_nn_module` does while torch captures (2.9 - 2.14).
    """
    from torch._export import utils

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch at torch
        for kind in kinds:
            utils.register_module_as_pytree_input_node(kind)
    try:
        yield
    finally:
        for kind in kinds:
            utils.deregister_module_as_pytree_input_node(kind)


def _modules_in(spec: Any) -> Iterator[type[torch.nn.Module]]:
    """The classes of modules in a structure (`TreeSpec.type`, `TreeSpec.children()`, 2.9 - 2.14)."""
    if isinstance(spec.type, type) and issubclass(spec.type, torch.nn.Module):
        yield spec.type
    for child in spec.children():
        yield from _modules_in(child)


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
def stack_texts(record: Callable[[], str], modules: Callable[[], dict[str, Any]] | None = None) -> Iterator[None]:
    """While open, a new graph node gets the stack text that `record` makes instead of torch's own.

    With `modules` each node gets the `nn_module_stack` that it makes, too, and traces that ask for no stack texts get
    them all the same.

    In non-strict mode torch keeps only frames whose function is called `forward`, so that a helper function's line is
    lost, and symbolises the whole stack for each node (`TracerBase.create_node`, `record_stack_traces`, 2.9 - 2.14).
    """
    from torch.fx.proxy import TracerBase

    original = TracerBase.create_node

    def create_node(self: TracerBase, *args: Any, **kwargs: Any) -> torch.fx.Node:
        asked = self.record_stack_traces
        if not asked and modules is None:
            return original(self, *args, **kwargs)
        self.record_stack_traces = False
        try:
            node = original(self, *args, **kwargs)
        finally:
            self.record_stack_traces = asked
        if not node.stack_trace:
            node.stack_trace = record() or None
        if modules is not None and "nn_module_stack" not in node.meta:
            node.meta["nn_module_stack"] = modules()
        return node

    with _replaced(TracerBase, "create_node", create_node):
        yield


@contextlib.contextmanager
def size_decisions(on_guard: Callable[[Any], None], on_guess: Callable[[Any, bool], None]) -> Iterator[None]:
    """While open, hears of every condition on sizes that torch takes as true, and of all it decides by real values.

    Of these it hears whether it was the truth of a tensor that torch asked for.

    The two methods of ShapeEnv are where torch itself logs these for draft export; the public way, its structured log,
    writes files (2.9 - 2.14).
    """
    log_guard = ShapeEnv._log_guard

    def guard(self: ShapeEnv, prefix: str, expression: Any, *args: Any, **kwargs: Any) -> None:
        if "suppressed" not in prefix:  # decided and forgotten, as by `suppress_guards`
            on_guard(expression)
        log_guard(self, prefix, expression, *args, **kwargs)

    def guess(self: ShapeEnv, expression: Any, value: Any) -> None:
        on_guess(expression, _asks_truth(expression, self))

    with (
        _replaced(ShapeEnv, "_log_guard", guard),
        _replaced(ShapeEnv, "_log_real_tensor_propagation", guess),
    ):
        yield


@contextlib.contextmanager
def attributes_as_left(look: Callable[[], None]) -> Iterator[None]:
    """While open, `look` is called after the model was captured in non-strict mode, before torch restores attributes.

    `torch.export._trace._detect_attribute_assignment` puts every plain attribute back, lists as copies (2.9 - 2.14).
    """
    from torch.export import _trace

    original = vars(_trace)["_detect_attribute_assignment"]

    @contextlib.contextmanager
    def detect(module: torch.nn.Module) -> Iterator[None]:
        with original(module):
            try:
                yield
            finally:
                look()

    with _replaced(_trace, "_detect_attribute_assignment", detect):
        yield


def load_torch_export() -> None:
    """Import what torch.export imports in its first call: a logger that comes to life then escapes who silences torch.

    `torch.export.export` imports `torch.export._trace`, and with it dynamo, when it is called. At its first use dynamo
    turns off the checks of all distributions, for good: a capture would depend on those before it (2.9 - 2.14).
    """
    from torch._dynamo.eval_frame import TorchPatcher
    from torch.export import _trace as _trace

    distributions = torch.distributions.Distribution
    checked = distributions._validate_args
    TorchPatcher.patch()
    distributions.set_default_validate_args(checked)


def called_module(frame: FrameType) -> torch.nn.Module | None:
    """The module that this frame is the call of, with its hooks (`nn.Module._call_impl`, 2.9 - 2.14)."""
    module = frame.f_locals.get("self") if frame.f_code is torch.nn.Module._call_impl.__code__ else None
    return module if isinstance(module, torch.nn.Module) else None


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
def noted_errors(note: Callable[[BaseException], None]) -> Iterator[None]:
    """While open, every exception that says that something depends on data is noted as it is made.

    Whether it gets to `torch.export.export` is for the user's code to decide, which may catch it.
    """
    with contextlib.ExitStack() as stack:
        for kind in (GuardOnDataDependentSymNode, DataDependentOutputException):
            stack.enter_context(_replaced(kind, "__init__", _noting(kind.__init__, note)))
        yield


def _noting(begin: Callable[..., None], note: Callable[[BaseException], None]) -> Callable[..., None]:
    def begun(error: BaseException, *args: Any, **kwargs: Any) -> None:
        begin(error, *args, **kwargs)
        note(error)

    return begun


def is_opaque(error: BaseException) -> bool:
    """Whether a tensor has the memory of a backend, such as oneDNN; the text is all that tells (2.9 - 2.14)."""
    return isinstance(error, NotImplementedError) and "OpaqueTensorImpl" in str(error)


@contextlib.contextmanager
def real_tensors(foreign: set[Any]) -> Iterator[None]:
    """While open, torch.export decides what depends on data by the data of the inputs.

    `foreign` gets the symbols of sizes that come from an operator without fake kernel. This is what
    `torch.export.draft_export` does; that function also writes a log folder. Each operator is then run for
    real and compared with its fake kernel; that a size in this comparison depends on data is no mismatch, and what it
    asks of other sizes is no guard (`ShapeEnv.suppress_guards`, 2.9 - 2.14). torch's own operators are taken at their
    word: the comparison is a fifth of the time (`FakeTensorMode._maybe_infer_fake_kernel_from_pytree_out`, 2.9 - 2.14).
    It leaves the memory that stands for an `nn.Parameter` as it finds it, so that a decision behind a layer would be
    taken at random (`meta_utils._safe_copy` copies plain tensors only, 2.9 - 2.14).
    """
    import torch._functorch.config as functorch
    from torch._subclasses import fake_tensor, fake_utils, meta_utils

    compare = fake_utils._check_fake_real_tensors
    infer = fake_tensor._infer_fake_from_real_tensor
    copy = meta_utils._safe_copy
    held_against_real = fake_tensor.FakeTensorMode._maybe_infer_fake_kernel_from_pytree_out

    def held_against_real_if_foreign(
        mode: Any, func: Any, fake_in: Any, real_in: Any, fake_out: Any, real_out: Any
    ) -> Any:
        own = func.namespace in ("aten", "prims")
        return fake_out if own else held_against_real(mode, func, fake_in, real_in, fake_out, real_out)

    def infer_and_tell(*args: Any, **kwargs: Any) -> Any:
        fake = infer(*args, **kwargs)
        for size in (*fake.size(), *fake.stride(), fake.storage_offset()):
            if isinstance(size, torch.SymInt):
                foreign.update(size.node.expr.free_symbols)
        return fake

    def compare_what_is_known(real: Any, fake: Any, *args: Any, **kwargs: Any) -> None:
        mode = fake_mode_of(fake)
        env = mode.shape_env if mode is not None else None
        silent = env.suppress_guards() if env is not None else contextlib.nullcontext()
        no_guess = _replaced(ShapeEnv, "_log_real_tensor_propagation", lambda *_: None)
        with contextlib.suppress(GuardOnDataDependentSymNode), silent, no_guess:
            compare(real, fake, *args, **kwargs)

    def copy_of_parameters_too(real: torch.Tensor, source: torch.Tensor | None) -> None:
        copy(real, source.detach() if type(source) is torch.nn.Parameter else source)

    with (
        functorch.patch(fake_tensor_propagate_real_tensors=True, generate_fake_kernels_from_real_mismatches=True),
        _replaced(fake_utils, "_check_fake_real_tensors", compare_what_is_known),
        _replaced(fake_tensor, "_infer_fake_from_real_tensor", infer_and_tell),
        _replaced(fake_tensor.FakeTensorMode, "_maybe_infer_fake_kernel_from_pytree_out", held_against_real_if_foreign),
        _replaced(meta_utils, "_safe_copy", copy_of_parameters_too),
    ):
        yield


def real_value(value: Any) -> Any:
    """What a tensor or symbolic number stands for while `real_tensors()` is open: itself for anything else.

    `FakeTensor.real_tensor` and the two tables of ShapeEnv are what torch itself reads in `FakeTensorMode`; the first
    was called `var_to_val` before 2.12. Raises ValueError when torch has lost the value (2.9 - 2.14).
    """
    if isinstance(value, FakeTensor):
        if value.real_tensor is None:
            raise ValueError("the values of this tensor are not known")
        return value.real_tensor
    if not isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return value
    env = value.node.shape_env
    backed = getattr(env, "backed_var_to_val", None) or getattr(env, "var_to_val", {})
    known = value.node.expr.xreplace(backed).xreplace(env.real_tensor_prop_unbacked_vals)
    try:
        return value.node.pytype(known)
    except TypeError as error:
        raise ValueError("this size is not known") from error


@contextlib.contextmanager
def numbers_as_keys(is_user: Callable[[str], bool], on_key: Callable[[Exception], None]) -> Iterator[None]:
    """While open, a number from a tensor is its value in a text or as a key, where a line of the user makes it one.

    `on_key` hears of keys, with what torch raises for other uses of such a number; a text alone is no fault. A number
    of torch has no hash and shows its symbol (`SymInt.__hash__`, `SymInt.__repr__`, 2.9 - 2.14).
    """
    own_hash, own_text = torch.SymInt.__hash__, torch.SymInt.__repr__

    def known(number: torch.SymInt) -> Any:
        if not is_user(sys._getframe(2).f_code.co_filename) or not _is_from_data(number):
            return None
        try:
            return real_value(number)
        except ValueError:
            return None

    def hashed(number: torch.SymInt) -> int:
        value = known(number)
        if value is None:
            return own_hash(number)
        on_key(DataDependentOutputException(torch.ops.aten._local_scalar_dense.default))
        return hash(value)

    def text(number: torch.SymInt) -> str:
        value = known(number)
        return str(own_text(number)) if value is None else repr(value)  # type: ignore[no-untyped-call]

    with _replaced(torch.SymInt, "__hash__", hashed), _replaced(torch.SymInt, "__repr__", text):
        yield


def _is_from_data(number: torch.SymInt) -> bool:
    """Whether all that a number is computed from are values of tensors (`SymNode.expr`, 2.9 - 2.14)."""
    env, symbols = number.node.shape_env, number.node.expr.free_symbols
    return bool(symbols) and all(symbol in env.real_tensor_prop_unbacked_vals for symbol in symbols)


def names_a_number(error: BaseException) -> bool:
    """Whether something is missing under the text of a number from a tensor, `str(n)` of an unbacked symbol: "u0"."""
    return isinstance(error, KeyError) and any(re.search(r"(?<![a-zA-Z])u\d+$", str(key)) for key in error.args)


def real_values(value: Any) -> Any:
    """`real_value` of every leaf of a nested structure; objects that pytree does not know stay as they are."""
    from torch.utils import _pytree

    return _pytree.tree_map(real_value, value)


def captured_values(value: Any) -> Any:
    """The tensors of a nested structure as constants of the capture that is under way.

    `aten.lift_fresh` is the operator by which `torch.tensor()` brings a plain tensor into a capture (2.9 - 2.14).
    """
    from torch.utils import _pytree

    def lifted(leaf: Any) -> Any:
        plain = isinstance(leaf, torch.Tensor) and not isinstance(leaf, FakeTensor)
        return torch.ops.aten.lift_fresh.default(leaf.detach()) if plain else leaf

    return _pytree.tree_map(lifted, value)


@contextlib.contextmanager
def outside_of_capture() -> Iterator[None]:
    """While open, torch runs as it does without any capture: `_disable_current_modes`, `DisableTorchFunction`.

    Nor does anything know of an export: a TorchScript method would call the Python that it was made of (2.9 - 2.14).
    """
    from torch.utils._python_dispatch import _disable_current_modes

    with _disable_current_modes(), torch._C.DisableTorchFunction(), _exporting(False):
        yield


@contextlib.contextmanager
def real_state(module: torch.nn.Module) -> Iterator[None]:
    """While open, parameters and buffers of a module that is being captured have their values.

    `_reparametrize_module` is how torch.export put the fake ones there (2.9 - 2.14).
    """
    from torch.nn.utils import stateless

    named = [*module.named_parameters(), *module.named_buffers()]
    values = {name: tensor.real_tensor for name, tensor in named if isinstance(tensor, FakeTensor)}
    with stateless._reparametrize_module(module, {n: v for n, v in values.items() if v is not None}):
        yield


@contextlib.contextmanager
def control_flow_calls(run: Callable[[str, Callable[[], Any], tuple[Any, ...]], Any]) -> Iterator[None]:
    """While open, `run(name, call, operands)` makes the calls of `torch.cond` and its kin: `call()` is torch's own.

    All of them compile a wrapper of themselves by `torch.compile`, looked up when they are called (2.9 - 2.14). The
    graphs of branches keep the user's lines where the metadata of nodes is kept (`torch.fx.traceback`).
    """
    compile_ = torch.compile

    def compiled(model: Any = None, **options: Any) -> Any:
        ready: Any = compile_(model, **options)
        name = control_flow_named(getattr(model, "__module__", ""))
        if not name:
            return ready

        def call(*operands: Any, **kwargs: Any) -> Any:
            def torchs_own() -> Any:
                with torch.fx.traceback.preserve_node_meta():
                    return ready(*operands, **kwargs)

            return run(name, torchs_own, operands)

        return call

    with _replaced(torch, "compile", compiled):
        yield


def control_flow_named(module: str) -> str:
    """The public name of the control flow that a module of torch implements; empty for other modules."""
    return _CONTROL_FLOW.get(module.rpartition("torch._higher_order_ops.")[2], "")


_CONTROL_FLOW = {
    "cond": "torch.cond",
    "while_loop": "while_loop",
    "scan": "scan",
    "map": "map",
    "associative_scan": "associative_scan",
}


def control_flow_called(target: object) -> str:
    """The public name of the control flow that a node calls; empty for any other (`map_impl`, 2.9 - 2.14)."""
    name = name_of(target).removesuffix("_impl") if isinstance(target, HigherOrderOperator) else ""
    return _CONTROL_FLOW.get(name, "")


def joined(one: Any, other: Any, join: Callable[[Any, Any], Any], first: bool) -> Any:
    """`join` of every two tensors of two structures, if these are alike in structure, dtypes and shapes; else the one
    or the other (`torch.utils._pytree`, 2.9 - 2.14).
    """
    from torch.utils import _pytree

    ones, spec = _pytree.tree_flatten(one)
    others, other_spec = _pytree.tree_flatten(other)

    def fit(a: Any, b: Any) -> bool:
        tensors = isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor)
        return tensors and a.dtype == b.dtype and tuple(map(str, a.shape)) == tuple(map(str, b.shape))

    if spec != other_spec or not all(map(fit, ones, others)):
        return one if first else other
    return _pytree.tree_unflatten([join(a, b) for a, b in zip(ones, others, strict=True)], spec)


def control_flow_of(error: BaseException) -> str:
    """The control flow operator that an error comes out of, by the traceback; empty for any other error."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        name = control_flow_named(trace.tb_frame.f_globals.get("__name__", ""))
        found = name or found
        trace = trace.tb_next
    return found


def control_flow_problem(error: BaseException) -> str:
    """What `torch.cond` and its kin have against the functions and operands they are given; empty for other errors.

    `UncapturedHigherOrderOpError` quotes the graph break of dynamo; all else is text of KeyError, AssertionError and
    RuntimeError that come out of the operator's own module (2.9 - 2.14).
    """
    text = str(error)
    uncaptured = isinstance(error, UncapturedHigherOrderOpError)
    merging = text.startswith("When merging two branches")
    if not uncaptured and not merging and not _raised_by_control_flow(error):
        return ""
    if any(kind in text for kind in _BRANCHES_OF_DATA) or text.startswith("Dynamo failed"):
        return ""
    differs = re.search(r"pair\[(\d+)\] differ in '(\w+)", text)
    if differs is not None:
        return f"result {differs[1]} of its function has another {differs[2]} than what is carried"
    merged = re.search(r"expected same (\w+) but got (\S+) and (\S+?)\.?(?:\n|$)", text)
    if merged is not None:
        what = "number of dimensions" if merged[1] == "dim" else merged[1]
        return f"its branches return tensors of different {what}, {merged[2]} and {merged[3]}"
    known = next((problem for word, problem in _PROBLEMS.items() if word in text), "")
    if known:
        return known
    if isinstance(error, KeyError):
        return "its branches return tensors of different shapes"
    explained = _EXPLANATION.search(text)
    if uncaptured and explained is None:
        return ""
    said = " ".join(explained[1].split()) if explained is not None else text.partition("\n")[0]
    return said.partition(" but got")[0].rstrip(".,").replace("FakeTensor", "Tensor")


def _raised_by_control_flow(error: BaseException) -> bool:
    trace, last = error.__traceback__, ""
    while trace is not None:
        last = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return last.startswith("torch._higher_order_ops")


_BRANCHES_OF_DATA = ("Data-dependent branching", "Data-dependent assertion failed (cannot compile partial graph)")
_PROBLEMS = {
    "do not support aliasing": "a function of it hands back its operand itself, or one tensor twice",
    "do not support input mutation": "a function of it writes into its operand",
    "missing required": "a function of it takes other arguments than its operands",
    "failed to bind arguments": "a function of it takes other arguments than its operands",
    "Encountered aliasing": "a function of it hands back its operand itself, or one tensor twice",
    "Encountered input mutation": "a function of it writes into its operand",
    "same pytree structure": "its branches return different structures",
    "same number of outputs": "its function returns another number of results than it carries",
    "Expected pred to be": "the decision is no bool and no tensor of one element",
    "Expect operands to be": "its operands are not a tuple of tensors",
    "can only be of": "its operands are not tensors and integers only",
}


def needs_memory(error: BaseException) -> bool:
    """Whether an error says that somebody wanted to read the memory of a tensor, which a fake one does not have.

    All are bare RuntimeErrors of C++, or come from the storage of the meta device (2.9 - 2.14).
    """
    return isinstance(error, (RuntimeError, NotImplementedError, ValueError)) and any(
        text in str(error)
        for text in (
            "Cannot access data pointer of Tensor",
            ".numpy() is not supported for tensor subclasses",
            "Not available for 'meta' device type",
            "Cannot get data pointer",
            "doesn't have storage",
            "invalid python storage",
            "no storage",
        )
    )


@contextlib.contextmanager
def known_types() -> Iterator[Callable[[object], list[type]]]:
    """Gives a function that makes pytree know all that a value consists of, and says which types it did not know.

    An object is its attributes, and one without tensors is a constant. Afterwards pytree knows what it knew before:
    the public registration has no way back (`_deregister_pytree_node`, 2.9 - 2.14).
    """
    from torch.utils import _pytree

    added: list[type] = []

    def know(value: object) -> list[type]:
        found: list[type] = []
        while True:
            # modules are registered by torch.export itself
            strange = (leaf for leaf in leaves_of(value) if not isinstance(leaf, (*PLAIN_LEAVES, torch.nn.Module)))
            new = {type(leaf) for leaf in strange} - set(added)
            if not new:
                return found
            for kind in new:
                _pytree._private_register_pytree_node(
                    kind, _parts, _rebuilt, serialized_type_name=f"onnxdx.{kind.__module__}.{kind.__qualname__}"
                )
                added.append(kind)
                found.append(kind)

    try:
        yield know
    finally:
        for kind in added:
            _pytree._deregister_pytree_node(kind)


class _Held:
    """An object as it was when it was taken apart; equal to every other of its type, as the structure of inputs is.

    `names` are its attributes that were taken out, `keys` the items.
    """

    def __init__(self, value: object, names: tuple[str, ...], keys: tuple[Any, ...]) -> None:
        self.value, self.names, self.keys = value, names, keys

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self._structure() == other._structure()

    def __hash__(self) -> int:
        return hash(self._structure())

    def _structure(self) -> tuple[object, ...]:
        return type(self.value), self.names, self.keys


def _parts(value: object) -> tuple[list[Any], _Held]:
    attributes = getattr(value, "__dict__", {})
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()) if isinstance(name, str)]
    named = {**attributes, **{name: getattr(value, name) for name in slots if hasattr(value, name)}}
    kept = {name: part for name, part in named.items() if isinstance(name, str) and _holds_tensor(part, 0)}
    items = {key: item for key, item in _items(value).items() if _holds_tensor(item, 0)}
    return [*kept.values(), *items.values()], _Held(value, tuple(kept), tuple(items))


def _items(value: object) -> dict[Any, Any]:
    """What a container holds that pytree has no rule for: a set, and subclasses of dict and list."""
    if isinstance(value, dict):
        return dict(value)
    return dict(enumerate(value)) if isinstance(value, (set, frozenset, list)) else {}


def _rebuilt(parts: Any, held: _Held) -> object:
    if not held.names and not held.keys:
        return held.value
    attributes, items = list(parts)[: len(held.names)], list(parts)[len(held.names) :]
    if isinstance(held.value, (set, frozenset)):
        return type(held.value)(items)
    made: Any = copy.copy(held.value)
    for name, part in zip(held.names, attributes, strict=True):
        object.__setattr__(made, name, part)
    for key, item in zip(held.keys, items, strict=True):
        made[key] = item
    return made


def _holds_tensor(value: object, depth: int) -> bool:
    """Whether there is a tensor in an object, or in what it is made of; modules keep theirs to themselves."""
    if isinstance(value, torch.Tensor):
        return True
    if depth > 4 or isinstance(value, (str, bytes, type, torch.nn.Module)) or callable(value):
        return False
    if isinstance(value, Mapping):
        return any(_holds_tensor(part, depth + 1) for part in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_holds_tensor(part, depth + 1) for part in value)
    return any(_holds_tensor(part, depth + 1) for part in getattr(value, "__dict__", {}).values())


@contextlib.contextmanager
def _exporting(exporting: bool) -> Iterator[None]:
    """While open, `torch.compiler.is_exporting()` and `is_compiling()` say this; neither has a setter (2.9 - 2.14)."""
    names = ("_is_exporting_flag", "_is_compiling_flag")
    known = {name: getattr(torch.compiler, name) for name in names}
    vars(torch.compiler).update(dict.fromkeys(names, exporting))
    try:
        yield
    finally:
        vars(torch.compiler).update(known)


def traced_run(
    run: Callable[[], list[Any]], tensors: Sequence[torch.Tensor], *, exporting: bool
) -> torch.fx.GraphModule:
    """A run with real tensors as a graph of the operators that it called; `tensors` are the graph's inputs, in order.

    Nothing is asked of the run but that it works: `make_fx` with real tensors lets data out of them when told so
    (`_error_on_data_dependent_ops`), and before autograd sees them (`pre_dispatch`) operators are as in torch.export.
    Tensors from elsewhere become attributes of the result; an operator on anything that a graph cannot hold (a storage)
    is run and not recorded. `exporting` is what `torch.compiler.is_exporting()` says (2.9 - 2.14).
    """
    from torch.fx.experimental import proxy_tensor

    call = proxy_tensor.proxy_call

    def recorded(mode: Any, func: Any, pre_dispatch: bool, args: Any, kwargs: Any) -> Any:
        try:
            return call(mode, func, pre_dispatch, args, kwargs)
        except NotImplementedError as error:
            if "argument of type" not in str(error):
                raise
            return func(*args, **kwargs)

    trace = proxy_tensor.make_fx(
        lambda *_: run(),
        tracing_mode="real",
        pre_dispatch=True,
        _allow_non_fake_inputs=True,
        _error_on_data_dependent_ops=False,
    )
    with _exporting(exporting), _replaced(proxy_tensor, "proxy_call", recorded):
        return trace(*tensors)


def is_traced(tensor: torch.Tensor) -> bool:
    """Whether a tensor of the `traced_run` that is under way depends on its inputs, so that its values may vary.

    Small tensors that Python made have a constant with their proxy (`get_proxy_mode`, `get_proxy_slot`, 2.9 - 2.14).
    """
    from torch.fx.experimental import proxy_tensor

    mode = proxy_tensor.get_proxy_mode()
    if mode is None:
        return False
    proxy = proxy_tensor.get_proxy_slot(tensor, mode.tracer, None)
    return proxy is not None and getattr(proxy, "constant", None) is None


def with_fake_values(module: torch.fx.GraphModule) -> None:
    """Give the nodes of a traced run, and of the graphs in it, values of one fake mode: `make_fx` makes one each."""
    from torch.utils import _pytree

    mode = FakeTensorMode()

    def shaped(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        with mode:
            return torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device=value.device)

    for part in module.modules():
        if not isinstance(part, torch.fx.GraphModule):
            continue
        for node in part.graph.nodes:
            value = getattr(part, str(node.target), None) if node.op == "get_attr" else node.meta.get("val")
            if node.op != "get_attr" or isinstance(value, torch.Tensor):
                node.meta["val"] = _pytree.tree_map(shaped, value)


def program_of_run(
    module: torch.fx.GraphModule,
    input_specs: list[Any],
    output_specs: list[Any],
    state: Mapping[str, torch.Tensor],
    constants: Mapping[str, torch.Tensor],
    inputs: tuple[tuple[Any, ...], dict[str, Any]],
    output: Any,
    parameters: list[str],
) -> torch.export.ExportedProgram:
    """A traced run as an exported program; the specs are those of `torch.export.graph_signature`.

    The structures of inputs and output are pytree's, and the dialect is that of a capture that is not functional
    (`TrainingIRVerifier`, 2.9 - 2.14).
    """
    from torch._export.verifier import TrainingIRVerifier
    from torch.export import ExportedProgram, ModuleCallEntry, ModuleCallSignature
    from torch.export.graph_signature import ExportGraphSignature
    from torch.utils import _pytree

    signature = ModuleCallSignature(
        inputs=[],
        outputs=[],
        in_spec=_pytree.tree_structure(inputs),
        out_spec=_pytree.tree_structure(output),
        forward_arg_names=parameters,
    )
    return ExportedProgram(
        root=module,
        graph=module.graph,
        graph_signature=ExportGraphSignature(input_specs, output_specs),
        state_dict=dict(state),
        range_constraints={},
        module_call_graph=[ModuleCallEntry("", signature)],
        example_inputs=inputs,
        constants=dict(constants),
        verifiers=[TrainingIRVerifier],
    )


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


@contextlib.contextmanager
def lines_inside_autocast() -> Iterator[None]:
    """While open, a retrace of a program keeps the lines of operators in a region of autocast.

    `wrap_with_autocast` calls the graph of the region as code, which has no lines but those of the code; an interpreter
    of its nodes has theirs (`torch._higher_order_ops.wrap`, 2.9 - 2.14).
    """
    from torch._higher_order_ops import wrap

    call = wrap.WrapWithAutocast.__call__

    def interpreted(
        self: Any, device: str, dtype: Any, enabled: bool, cached: bool | None, region: Any, *args: Any, **kwargs: Any
    ) -> Any:
        run = torch.fx.Interpreter(region).run if isinstance(region, torch.fx.GraphModule) else region
        return call(self, device, dtype, enabled, cached, run, *args, **kwargs)

    with _replaced(wrap.WrapWithAutocast, "__call__", interpreted):
        yield


def without_real_tensors(exported: torch.export.ExportedProgram) -> None:
    """From now on the fake tensors of a program have no values, as after a plain capture.

    With values a retrace would not find the symbols of sizes again that depend on data
    (`FakeTensorMode.propagate_real_tensors`, 2.9 - 2.14).
    """
    for node in exported.graph.nodes:
        mode = fake_mode_of(node.meta.get("val"))
        if mode is not None:
            mode.propagate_real_tensors = False


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


def env_of_value(value: object) -> ShapeEnv | None:
    """The symbols that the sizes of a tensor are made of, if one of them is symbolic (`SymNode.shape_env`)."""
    if isinstance(value, torch.Tensor) and value.is_nested:  # whose sizes raise
        return None
    sizes = value.shape if isinstance(value, torch.Tensor) else (value,)
    return next((size.node.shape_env for size in sizes if isinstance(size, torch.SymInt)), None)


def symbols_of(env: ShapeEnv) -> dict[str, str]:
    """Torch's names of the input sizes ("L['x'].size()[0]") and their symbols (`source_to_var`, 2.9 - 2.14)."""
    return {source: str(symbol) for source, symbol in env.source_to_var.items()}


@contextlib.contextmanager
def sizes_kept(env: ShapeEnv | None, symbols: Collection[str]) -> Iterator[dict[str, int]]:
    """While open, `symbols` may become numbers; those that did are told in the yielded dict and made symbols again.

    A symbol is a number from where `ShapeEnv.replacements` says so, also after the capture, when the environment is
    frozen. What was computed from the replacements is remembered under two version counters (2.9 - 2.14).
    """
    fixed: dict[str, int] = {}
    before = dict(env.replacements) if env is not None else {}
    ranges = dict(env.var_to_range) if env is not None else {}
    yield fixed
    if env is None or len(env.replacements) == len(before):
        return
    new = {symbol: size for symbol, size in env.replacements.items() if symbol not in before}
    fixed.update({str(symbol): int(size) for symbol, size in new.items() if size.is_Integer and str(symbol) in symbols})
    if not fixed:
        return
    env.replacements.clear()
    env.replacements.update(before)
    env.var_to_range.update(ranges)
    for counter in ("_version_counter", "_replacements_version_counter"):
        if hasattr(env, counter):
            setattr(env, counter, getattr(env, counter) + 1)


def holds(condition: Any, sizes: Mapping[str, int]) -> bool:
    """Whether a sympy condition is true for these sizes; a condition that cannot be computed counts as true."""
    symbols, test = _compiled(condition)
    if not symbols <= sizes.keys():
        return True
    try:
        return bool(test(**{symbol: sizes[symbol] for symbol in symbols}))
    except (NameError, TypeError, ZeroDivisionError, ValueError):
        return True


@functools.cache
def _compiled(condition: Any) -> tuple[frozenset[str], Callable[..., Any]]:
    """The names of the symbols of a condition, and the condition as a function of them.

    Many sizes are tried, and sympy alone is slow. Torch's functions over sizes go by their names
    (`torch.utils._sympy.functions`, 2.9 - 2.14).
    """
    symbols = sorted(condition.free_symbols, key=str)
    by_name: dict[str, Callable[..., Any]] = {
        "FloorDiv": operator.floordiv,
        "CleanDiv": operator.floordiv,
        "CeilDiv": lambda a, b: -(-a // b),
        "Mod": operator.mod,
        "PythonMod": operator.mod,
        "Max": max,
        "Min": min,
        "IntTrueDiv": operator.truediv,
        "FloatTrueDiv": operator.truediv,
        "PowByNatural": operator.pow,
        "ToFloat": float,
        "TruncToInt": math.trunc,
        "FloorToInt": math.floor,
        "CeilToInt": math.ceil,
        "Identity": lambda value: value,
    }
    return frozenset(map(str, symbols)), sympy.lambdify(
        symbols, condition, modules=[by_name, "math"], printer=_CallPrinter(_CALLS)
    )


_CALLS = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}


class _CallPrinter(PythonCodePrinter):  # type: ignore[misc]
    """Prints the remainder as a call: as an operator it would bind as torch says, and not as Python does."""

    def _print_Mod(self, expression: Any) -> str:
        return f"Mod({', '.join(map(self._print, expression.args))})"


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


def speaks_of(condition: Any, names: Collection[str]) -> bool:
    """Whether all symbols of a condition have a name (sympy, 2.9 - 2.14)."""
    return all(str(symbol) in names for symbol in getattr(condition, "free_symbols", ()))


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


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """A nested structure with every leaf replaced (`torch.utils._pytree.tree_map`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    return _pytree.tree_map(function, value)


def leaves_of(value: object) -> list[Any]:
    """The leaves of a nested structure, as torch.export sees them (`torch.utils._pytree.tree_leaves`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    return list(_pytree.tree_leaves(value))


def with_leaves(change: Callable[[Any], Any], value: Any) -> Any:
    """A nested structure with other leaves (`torch.utils._pytree.tree_map`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    return _pytree.tree_map(change, value)


def has_fake_kernel(target: OpOverload) -> bool:
    """Whether an operator can run on fake tensors (`torch._library.utils.has_fake_kernel`, 2.9 - 2.14)."""
    from torch._library import utils

    return utils.is_builtin(target) or utils.has_fake_kernel(target)


def nests(target: OpOverload) -> bool:
    """Whether an operator is about tensors of nested rows, by its name (`aten::_nested_tensor_...`, 2.9 - 2.14)."""
    return is_builtin(target) and "nested" in name_of(target)


def operator_names(namespace: str) -> list[str]:
    """The operators that torch has in a namespace, by name (`torch._C._dispatch_get_all_op_names`, 2.9 - 2.14)."""
    return [name for name in torch._C._dispatch_get_all_op_names() if name.startswith(f"{namespace}::")]


def is_builtin(target: OpOverload) -> bool:
    """Whether an operator is one of torch's own, as `torch._library.utils.is_builtin` has it (2.9 - 2.14)."""
    return target.namespace in ("aten", "prim", "prims")


def kernel_of(target: OpOverload) -> Callable[..., Any] | None:
    """The function that `torch.library.custom_op` made an operator of (`CustomOpDef._init_fn`, 2.9 - 2.14)."""
    from torch._library import custom_ops

    definition = custom_ops.OPDEFS.get(schema(target).name)
    return definition._init_fn if definition is not None else None


def fake_kernel_of(target: OpOverload) -> Callable[..., Any] | None:
    """The function that `register_fake` gave an operator, if that was done in Python.

    `CustomOpDef._abstract_fn`, else `torch._library.simple_registry` (2.9 - 2.14).
    """
    from torch._library import custom_ops, simple_registry

    name = schema(target).name
    definition = custom_ops.OPDEFS.get(name)
    if definition is not None:
        return cast("Callable[..., Any] | None", definition._abstract_fn)
    kernel = simple_registry.singleton.find(name).fake_impl.kernel
    return cast("Callable[..., Any]", kernel.func) if kernel is not None else None


def on_fake_tensors(target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What an operator says of its results for tensors like these (`FakeTensorMode`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    mode = FakeTensorMode(shape_env=ShapeEnv())
    given = _pytree.tree_map(
        lambda leaf: mode.from_tensor(leaf, static_shapes=True) if isinstance(leaf, torch.Tensor) else leaf,
        (tuple(args), dict(kwargs)),
    )
    with mode:
        return target(*given[0], **given[1])


def symbolic_function(name: str) -> Callable[..., Any] | None:
    """The function that `torch.onnx.register_custom_op_symbolic` was given for an operator, if it was called.

    The registry of that exporter is looked at only where it is loaded already: whoever has registered something has
    loaded it (`torch.onnx._internal.torchscript_exporter.registration`, 2.9 - 2.14).
    """
    loaded = sys.modules.get("torch.onnx._internal.torchscript_exporter.registration")
    group = loaded.registry.get_function_group(name) if loaded is not None else None
    return cast("Callable[..., Any] | None", group.get(SYMBOLIC_OPSET)) if group is not None else None


SYMBOLIC_OPSET = 23
"""No symbolic function is for a later opset; the registry gives the nearest one that is not later."""


# Leaves of inputs and outputs that torch.export takes: public types, but the list of them is not public (2.9 - 2.14).
PLAIN_LEAVES: tuple[type, ...] = (
    *(torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool, torch.ScriptObject),
    *(bool, int, float, complex, str, bytes, type(None), slice, type(...)),
    *(torch.dtype, torch.device, torch.layout, torch.memory_format),
)


def is_relation(condition: object) -> bool:
    """Whether what torch could not decide is true or false, and not a number (a sympy expression, 2.9 - 2.14)."""
    return bool(getattr(condition, "is_Boolean", False) or getattr(condition, "is_Relational", False))


def packs_rows(error: BaseException | None = None) -> bool:
    """Whether torch takes a packed sequence apart: where `error` comes from, else on the stack as it is now.

    Known by the locals of torch's own recurrent layers and of `torch.nn.utils.rnn` (2.9 - 2.14).
    """
    frames: list[FrameType] = []
    frame = sys._getframe(1) if error is None else None
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return any(map(_holds_packed_rows, frames))


def _holds_packed_rows(frame: FrameType) -> bool:
    if frame.f_globals.get("__name__") not in ("torch.nn.modules.rnn", "torch.nn.utils.rnn"):
        return False
    packed = torch.nn.utils.rnn.PackedSequence
    known = frame.f_locals
    return known.get("batch_sizes") is not None or any(isinstance(value, packed) for value in known.values())


def are_packed(value: object) -> bool:
    """Whether a packed sequence is among values."""
    packed = torch.nn.utils.rnn.PackedSequence
    if isinstance(value, packed):
        return True
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return any(map(are_packed, parts))


def is_about_data(error: BaseException) -> bool:
    """Whether a trace fails because a size or a number that it needs depends on the values of tensors.

    Kernels in C++ that read a number of a fake tensor say so in words only (2.9 - 2.14).
    """
    kinds = (GuardOnDataDependentSymNode, DataDependentOutputException, DynamicOutputShapeException)
    return isinstance(error, (*kinds, PendingUnbackedSymbolNotFound)) or "Cannot cast FakeTensor" in str(error)


def asks_truth(error: GuardOnDataDependentSymNode) -> bool:
    """Whether a decision on data that torch refuses is on the truth of a tensor, and not on a size.

    The environment that knows is `self` of `ShapeEnv.evaluate_expr` in the traceback (2.9 - 2.14).
    """
    trace = error.__traceback__
    while trace is not None:
        owner = trace.tb_frame.f_locals.get("self")
        if isinstance(owner, ShapeEnv):
            return _asks_truth(error.cond, owner)
        trace = trace.tb_next
    return False


def _asks_truth(condition: Any, env: ShapeEnv) -> bool:
    """Whether it is `u == 1` of a symbol that is 0 or 1: how the truth of a tensor is asked for (2.9 - 2.14)."""
    if not isinstance(condition, sympy.Eq) or not condition.lhs.is_Symbol or condition.rhs != 1:
        return False
    bounds = env.var_to_range.get(condition.lhs)
    return bounds is not None and bounds.lower == 0 and bounds.upper == 1


def is_about(condition: Any, symbols: set[Any]) -> bool:
    """Whether a condition (of sympy, 2.9 - 2.14) speaks about these symbols only."""
    about = getattr(condition, "free_symbols", None)
    return about is not None and bool(about) and about <= symbols


def is_violation(error: BaseException) -> bool:
    """Whether a dim cannot be as dynamic as it was asked to be.

    Dims by hint (`Dim.DYNAMIC`) that come out constant raise a bare ValueError, known by its text only (2.9 - 2.14).
    """
    if isinstance(error, ConstraintViolationError):
        return True
    if isinstance(error, UserError):
        return error.error_type is UserErrorType.CONSTRAINT_VIOLATION
    return isinstance(error, ValueError) and "conflicts between user-specified ranges and inferred ranges" in str(error)


_EXPLANATION = re.compile(r"^\s*Explanation: (.+?)(?=^\s*(?:Hint|Developer debug context):|\Z)", re.S | re.M)


def graph_break(error: Unsupported) -> tuple[str, str, str]:
    """Of a graph break of dynamo: its kind, its explanation, and its number ("GB0147").

    `Unsupported.gb_type` holds the kind; explanation and number stand in the text only (2.9 - 2.14).
    """
    text = str(error)
    explanation = _EXPLANATION.search(text)
    number = re.search(r"/gb/gb(\d+)\.html", text)
    kind = getattr(error, "gb_type", None) or text.partition("\n")[0]
    said = re.sub(r" in file `[^`]+`", "", " ".join(explanation[1].split())) if explanation else ""
    return str(kind), said, f"GB{number[1]}" if number else ""


# --- one operator by itself: its body traced on sizes and numbers that stay open ---


def open_values(
    leaves: Sequence[tuple[str, Any]], *, sizes: bool, numbers: bool
) -> tuple[list[Any], FakeTensorMode, dict[str, str]]:
    """Fake values like these, with symbols for sizes and for plain numbers, and what each symbol stands for.

    `leaves` are names with real or fake values. A symbol is called as in Python, `x.shape[0]` or `factor`
    (`ShapeEnv.create_unspecified_symbol`, `FakeTensorMode.from_tensor`, 2.9 - 2.14).
    """
    from torch._dynamo.source import LocalSource
    from torch.fx.experimental.symbolic_shapes import DimDynamic, StatelessSymbolicContext

    env = ShapeEnv()
    mode = FakeTensorMode(shape_env=env, allow_non_fake_inputs=True)
    made: list[Any] = []
    names: dict[str, str] = {}
    for index, (name, value) in enumerate(leaves):
        source = LocalSource(f"leaf_{index}")
        if isinstance(value, torch.Tensor):
            kind = DimDynamic.DYNAMIC if sizes else DimDynamic.STATIC
            context: Any = StatelessSymbolicContext(dynamic_sizes=[kind] * value.dim())
            fake: Any = mode.from_tensor(value.detach(), source=source, symbolic_context=context)
            names.update(
                (str(size.node.expr), f"{name}.shape[{axis}]")
                for axis, size in enumerate(fake.shape)
                if isinstance(size, torch.SymInt)
            )
            made.append(fake)
        elif numbers and type(value) in (int, float):
            symbol = env.create_unspecified_symbol(value, source, DimDynamic.DYNAMIC)
            names[str(symbol)] = name
            create = env.create_symintnode if type(value) is int else env.create_symfloatnode
            made.append(create(symbol, hint=value, source=source))
        else:
            made.append(value)
    return made, mode, names


@contextlib.contextmanager
def sizes_of_data_forgotten(mode: FakeTensorMode) -> Iterator[None]:
    """While open, an operator may make sizes that depend on data and keep them to itself.

    So it is while torch.export captures a call of it (`ShapeEnv.ignore_fresh_unbacked_symbols`, 2.9 - 2.14).
    """
    assert mode.shape_env is not None
    with mode.shape_env.ignore_fresh_unbacked_symbols():
        yield


def taken_for_true(env: ShapeEnv, names: Mapping[str, str]) -> tuple[str, ...]:
    """What was taken for true of the symbols of `open_values`, as Python (`ShapeEnv.guards`, 2.9 - 2.14)."""
    said = (written(guard.expr, names) for guard in env.guards)
    return tuple(dict.fromkeys(re.sub(r"\b(Max|Min)\(", lambda found: found[0].lower(), each) for each in said))


def assembled_program(module: torch.fx.GraphModule) -> torch.export.ExportedProgram:
    """A traced graph as an exported program: its placeholders are the inputs, the tensors that it holds are constants.

    What torch.export would make of a module that computes it, without the capture (`ExportedProgram` is public, what it
    is made of is `torch.export.graph_signature`, a call spec of `torch.utils._pytree` and a verifier, 2.9 - 2.14).
    """
    from torch._export.verifier import TrainingIRVerifier
    from torch.export import graph_signature as parts
    from torch.export.exported_program import ModuleCallEntry, ModuleCallSignature
    from torch.utils import _pytree

    constants = _constants_as_inputs(module)
    inputs = [node for node in module.graph.nodes if node.op == "placeholder"]
    output = next(node for node in module.graph.nodes if node.op == "output")
    results = list(output.args[0]) if isinstance(output.args[0], (list, tuple)) else [output.args[0]]
    output.args = (tuple(results),)
    module.recompile()

    def said(node: Any) -> Any:
        value = node.meta.get("val") if isinstance(node, torch.fx.Node) else node
        if isinstance(value, torch.Tensor):
            return parts.TensorArgument(node.name)
        if isinstance(value, torch.SymInt):
            return parts.SymIntArgument(node.name)
        if isinstance(value, torch.SymFloat):
            return parts.SymFloatArgument(node.name)
        name = node.name if isinstance(node, torch.fx.Node) else ""
        return parts.ConstantArgument(name, value if isinstance(value, (int, float, bool, str)) else None)

    given = [
        parts.InputSpec(parts.InputKind.CONSTANT_TENSOR, parts.TensorArgument(node.name), node.name)
        if node.name in constants
        else parts.InputSpec(parts.InputKind.USER_INPUT, said(node), None)
        for node in inputs
    ]
    gives = [parts.OutputSpec(parts.OutputKind.USER_OUTPUT, said(node), None) for node in results]
    users = sum(node.name not in constants for node in inputs)
    in_spec = _pytree.tree_flatten((tuple(range(users)), {}))[1]
    out_spec = _pytree.tree_flatten(tuple(range(len(results))))[1]
    call = ModuleCallEntry("", ModuleCallSignature([], [], in_spec, out_spec))
    signature = parts.ExportGraphSignature(given, gives)
    return torch.export.ExportedProgram(
        module, module.graph, signature, {}, {}, [call], constants=constants, verifiers=[TrainingIRVerifier]
    )


def _constants_as_inputs(module: torch.fx.GraphModule) -> dict[str, Any]:
    constants: dict[str, Any] = {}
    first = next(iter(module.graph.nodes))
    for node in [node for node in module.graph.nodes if node.op == "get_attr"]:
        tensor = getattr(module, str(node.target))
        if not isinstance(tensor, torch.Tensor):
            continue
        with module.graph.inserting_before(first):
            lifted = module.graph.placeholder(str(node.target))
        lifted.meta = {"val": tensor, **node.meta}
        node.replace_all_uses_with(lifted)
        module.graph.erase_node(node)
        constants[lifted.name] = tensor
    return constants


def python_kernel(target: OpOverload) -> Callable[..., Any] | None:
    """The Python function that computes an operator, whichever way it was registered; None when none does.

    `torch.library.custom_op` keeps it; of `Library.impl` torch only knows that a kernel is in Python (the set
    `torch.library._impls`), and calls it by `OpOverload._op_dk` (2.9 - 2.14).
    """
    known = kernel_of(target)
    if known is not None:
        return known
    named = schema(target)
    own = named.name.partition("::")[2] + (f".{named.overload_name}" if named.overload_name else "")
    for key in ("CompositeExplicitAutograd", "CPU"):
        if f"{target.namespace}/{own}/{key}" in torch.library._impls:
            dispatch_key = getattr(torch._C.DispatchKey, key)
            return functools.partial(target._op_dk, dispatch_key)
    return None


def reference_bodies(target: OpOverload) -> Iterator[Callable[..., Any]]:
    """What torch has in Python that computes an operator: its decompositions, its reference, its composite body.

    References are functions of `torch._refs`, named after the operator, in a module for each family (2.9 - 2.14).
    """
    import torch._refs as references

    known = decompositions().get(target)
    if known is not None:
        yield known
    if target.namespace == "aten":
        name = schema(target).name.partition("::")[2]
        for family, prefix in (
            (references, ""),
            (references.linalg, "linalg_"),
            (references.special, "special_"),
            (references.nn.functional, ""),
        ):
            found = getattr(family, name.removeprefix(prefix), None) if name.startswith(prefix) else None
            if callable(found) and found is not known:
                yield found
    if is_composite(target):
        yield target.decompose


def other_overloads(target: OpOverload) -> list[OpOverload]:
    """The overloads of the same operator, without those that write (`OpOverload.overloadpacket`, 2.9 - 2.14)."""
    packet = target.overloadpacket
    others = (getattr(packet, name) for name in packet.overloads())
    return [each for each in others if each is not target and not schema(each).is_mutable]


def runtime_schemas() -> list[Any]:
    """The schemas of all operators that ONNX Runtime knows, those of its own domains as well.

    Only its documentation generator uses the function (`onnxruntime.capi`, 1.20 - 1.23).
    """
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return list(state.get_all_operator_schema())
