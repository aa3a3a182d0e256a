"""A capture that decides by the data of the sample inputs: fake tensors that know a value."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch

# The symbols of sizes that depend on data in a symbolic number (2.9 - 2.14).
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols

from onnxdx.compat.fake_tensors import FakeTensor, fake_mode_of
from onnxdx.compat.patching import replaced
from onnxdx.compat.symbolic_sizes import ShapeEnv
from onnxdx.compat.torch_errors import DataDependentOutputException, GuardOnDataDependentSymNode


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
        no_guess = replaced(ShapeEnv, "_log_real_tensor_propagation", lambda *_: None)
        with contextlib.suppress(GuardOnDataDependentSymNode), silent, no_guess:
            compare(real, fake, *args, **kwargs)

    def copy_of_parameters_too(real: torch.Tensor, source: torch.Tensor | None) -> None:
        copy(real, source.detach() if type(source) is torch.nn.Parameter else source)

    with (
        functorch.patch(fake_tensor_propagate_real_tensors=True, generate_fake_kernels_from_real_mismatches=True),
        replaced(fake_utils, "_check_fake_real_tensors", compare_what_is_known),
        replaced(fake_tensor, "_infer_fake_from_real_tensor", infer_and_tell),
        replaced(fake_tensor.FakeTensorMode, "_maybe_infer_fake_kernel_from_pytree_out", held_against_real_if_foreign),
        replaced(meta_utils, "_safe_copy", copy_of_parameters_too),
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
def numbers_as_keys(
    is_user: Callable[[str], bool],
    on_key: Callable[[Exception], None],
    on_text: Callable[[], bool],
    looks_up: Callable[[], bool],
) -> Iterator[None]:
    """While open, a number from a tensor is its value in a text or as a key, where a line of the user makes it one.

    `on_key` hears of keys, with what torch raises for other uses of such a number. `on_text` hears of texts, and says
    whether they are to hold the value: a text alone is no fault. A size is fixed where it is a key in a table, which
    `looks_up` tells of the line as it is now, and not where a function that keeps its results is called: strict capture
    calls that anew. A number of torch has no hash and shows its symbol (`SymInt.__hash__`, `SymInt.__repr__`,
    2.9 - 2.14).
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
            if not is_user(sys._getframe(1).f_code.co_filename) or free_unbacked_symbols(number):
                return own_hash(number)
            return hash(int(number) if looks_up() else real_value(number))
        on_key(DataDependentOutputException(torch.ops.aten._local_scalar_dense.default))
        return hash(value)

    def text(number: torch.SymInt) -> str:
        value = known(number)
        if value is None or not on_text():
            return str(own_text(number))  # type: ignore[no-untyped-call]
        return repr(value)

    with replaced(torch.SymInt, "__hash__", hashed), replaced(torch.SymInt, "__repr__", text):
        yield


def _is_from_data(number: torch.SymInt) -> bool:
    """Whether all that a number is computed from are values of tensors (`SymNode.expr`, 2.9 - 2.14)."""
    env, symbols = number.node.shape_env, number.node.expr.free_symbols
    return bool(symbols) and all(symbol in env.real_tensor_prop_unbacked_vals for symbol in symbols)


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
def real_state(module: torch.nn.Module) -> Iterator[None]:
    """While open, parameters and buffers of a module that is being captured have their values.

    `_reparametrize_module` is how torch.export put the fake ones there (2.9 - 2.14).
    """
    from torch.nn.utils import stateless

    named = [*module.named_parameters(), *module.named_buffers()]
    values = {name: tensor.real_tensor for name, tensor in named if isinstance(tensor, FakeTensor)}
    with stateless._reparametrize_module(module, {n: v for n, v in values.items() if v is not None}):
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
