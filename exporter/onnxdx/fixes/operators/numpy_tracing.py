"""Where NumPy and torch meet in a function that is traced: arrays of tensors, and tensors of arrays.

What NumPy asks an `Array` needs no help. Only what makes an array, where nothing is asked, is replaced for a while.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from onnxdx.compat.numpy_in_torch import dtype_in_layer
from onnxdx.compat.patching import added, replaced
from onnxdx.fixes.operators.numpy_arrays import Array, called, computed, is_traced, stacked


class _Takes(TorchFunctionMode):
    """Gives arrays for tensors, and tensors for arrays, where torch and NumPy meet."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        if func is torch.Tensor.numpy:
            return Array(args[0])
        if func in (torch.tensor, torch.as_tensor, torch.asarray):
            given = args[0] if args else named.get("data", named.get("obj"))
            if is_traced(given):
                return _tensor(given, named, copy=func is torch.tensor)
        return func(*args, **named)


@dataclass
class Made:
    """Whether NumPy made arrays of values, which nothing traced can be written into."""

    any: bool = False


@contextlib.contextmanager
def numpy_on_tensors(*, all_arrays: bool) -> Iterator[Made]:
    """While open, what NumPy does with tensors and with sizes is done by torch.

    With `all_arrays` what NumPy makes of plain numbers is traced as well, so that it can be written into.
    """
    made = Made()
    with contextlib.ExitStack() as stack:
        for owner in (torch.Tensor, torch.SymInt, torch.SymFloat):
            stack.enter_context(
                added(owner, "__array_ufunc__", lambda _, *args, **kwargs: computed(args[0], args[1], args[2:], kwargs))
            )
        stack.enter_context(
            added(
                torch.Tensor,
                "__array_function__",
                lambda _, func, __, args, kwargs: called(func.__module__, func.__name__, args, kwargs),
            )
        )
        for name in ("array", "asarray", "asanyarray", "ascontiguousarray"):
            stack.enter_context(replaced(np, name, _maker(name, _converted(name), all_arrays, made)))
        for name in ("zeros", "ones", "empty", "full", "arange", "linspace", "eye", "identity"):
            stack.enter_context(replaced(np, name, _maker(name, _created(name), all_arrays, made)))
        for name in ("sum", "prod", "max", "min", "amax", "amin", "mean", "median", "std", "var", "any", "all"):
            stack.enter_context(replaced(np, name, _of_lists(getattr(np, name))))
        from_numpy = torch.from_numpy
        stack.enter_context(
            replaced(torch, "from_numpy", lambda array: array.tensor if type(array) is Array else from_numpy(array))
        )
        stack.enter_context(_Takes())
        yield made


def _maker(name: str, traced: Callable[..., Any], always: bool, made: Made) -> Callable[..., Any]:
    original = getattr(np, name)

    def make(*args: Any, **kwargs: Any) -> Any:
        ours = always or any(map(is_traced, (*args, *kwargs.values())))
        made.any = made.any or not ours
        return traced(*args, **kwargs) if ours else original(*args, **kwargs)

    return make


def _of_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that does not ask the items of a list that it is given for one array."""

    def call(given: Any, *args: Any, **kwargs: Any) -> Any:
        is_list = isinstance(given, (list, tuple)) and is_traced(given)
        return function(Array(stacked(given)) if is_list else given, *args, **kwargs)

    return call


def _created(name: str) -> Callable[..., Any]:
    return lambda *args, **kwargs: called("numpy", name, args, kwargs)


def _converted(name: str) -> Callable[..., Any]:
    def convert(given: Any, dtype: Any = None, *, copy: bool | None = name == "array" or None, **kwargs: Any) -> Any:
        tensor = _tensor(given, {"dtype": None if dtype is None else dtype_in_layer(dtype)}, copy=bool(copy))
        for _ in range(kwargs.pop("ndmin", 0) - tensor.dim()):
            tensor = tensor.unsqueeze(0)
        return Array(tensor.contiguous() if name == "ascontiguousarray" else tensor)

    return convert


def _tensor(given: Any, named: Mapping[str, Any], copy: bool) -> torch.Tensor:
    """What is given as a tensor, of which `named` asks for a dtype and a device."""
    tensor: torch.Tensor = stacked(given)
    return tensor.to(named.get("device") or tensor.device, named.get("dtype") or tensor.dtype, copy=copy)
