"""NumPy's arrays, of tensors that have no values: what NumPy computes of them is written down as torch.

NumPy asks the arguments of its functions what to do (NEP 13 and 18), and `Array` answers with the function of the same
name in torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from onnxdx.compat.numpy_in_torch import (
    dtype_in_layer,
    function_in_layer,
    in_layer,
    is_dtype_of_layer,
    is_in_layer,
    numpy_dtype,
)
from onnxdx.fixes.operators import numpy_functions

_array = np.array
"""What makes arrays of values, also while it is replaced."""

_WEAK = (bool, int, float, complex)
"""The types of numbers whose dtype the other argument decides."""


class NeedsValues(TypeError):
    """An array of NumPy's own would be made of a traced one."""


class NotInTorch(NotImplementedError):
    """NumPy has something that torch has no form of."""


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """A tensor that is taken for a NumPy array, and shares its memory.

    `is_view` is false where NumPy has a view of another array and torch has none: it must not be written into.
    """

    def __init__(self, tensor: torch.Tensor, is_view: bool = True) -> None:
        self.tensor = tensor
        self._is_view = is_view

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What `isinstance` sees, which bodies ask for."""
        return np.ndarray

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise NeedsValues("NumPy needs the values of a tensor, for an array of its own")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return computed(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return called(func.__module__, func.__name__, args, kwargs)

    @property
    def dtype(self) -> np.dtype[Any]:
        return numpy_dtype(self.tensor.dtype)

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        if casting != "unsafe":
            raise NotInTorch("`ndarray.astype` with `casting` has no form in torch")
        return Array(self.tensor.to(dtype_in_layer(dtype), copy=copy))

    def copy(self, order: str = "C") -> Array:
        return Array(self.tensor.clone())

    def view(self, dtype: Any = None) -> Array:
        return Array(self.tensor.view(self.tensor.dtype if dtype is None else dtype_in_layer(dtype)))

    def fill(self, value: Any) -> None:
        self[...] = value

    def __getitem__(self, index: Any) -> Any:
        index, tensor = _forwards(index, self.tensor)
        found = _taken(in_layer(tensor)[_given(index)])
        return Array(found.tensor, is_view=tensor is self.tensor and self._is_view)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._written()
        forwards, flipped = _forwards(index, self.tensor)
        if flipped is not self.tensor:
            raise NotInTorch("writing into an array backwards has no form in torch")
        in_layer(self.tensor)[_given(forwards)] = _given(value)

    def _written(self) -> None:
        if not self._is_view:
            raise NotInTorch("writing into a view that runs backwards has no form in torch")

    def __iter__(self) -> Iterator[Array]:
        return (Array(part) for part in self.tensor)

    def __len__(self) -> int:
        return len(self.tensor)

    def __bool__(self) -> bool:
        return bool(self.tensor)

    def __int__(self) -> int:
        return int(_number(int, self.tensor))

    def __float__(self) -> float:
        return float(_number(float, self.tensor))

    def __index__(self) -> int:
        return self.tensor.__index__()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}")
        inner = in_layer(self.tensor)
        if not hasattr(type(inner), name):
            raise NotInTorch(f"`ndarray.{name}` has no form in torch")
        if not callable(getattr(type(inner), name)):
            return _taken(getattr(inner, name))

        def method(*args: Any, **kwargs: Any) -> Any:
            if name in ("sort", "put", "resize"):
                self._written()
            return _run(f"ndarray.{name}", getattr(inner, name), args, kwargs)

        return method


def without_arrays(result: Any) -> Any:
    """Results with tensors for arrays."""
    if isinstance(result, (tuple, list)):
        return type(result)(map(without_arrays, result))
    return result.tensor if type(result) is Array else result


def stacked(given: Any) -> Any:
    """Arrays, sizes and numbers, in nested lists, as one tensor with the dtype that NumPy would give it."""
    if isinstance(given, (list, tuple)) and any(map(is_traced, given)):
        return called("numpy", "stack", ([Array(stacked(each)) for each in given],), {}).tensor
    if isinstance(given, (torch.SymInt, torch.SymFloat)):
        size: Any = given
        return torch.scalar_tensor(size, dtype=torch.int64 if isinstance(given, torch.SymInt) else torch.float64)
    if type(given) is Array or isinstance(given, torch.Tensor):
        return without_arrays(given)
    return torch.from_numpy(_array(given))


def is_traced(value: Any) -> bool:
    """Whether an array, a tensor or a size is in it, of which a trace has no values."""
    if isinstance(value, (list, tuple)):
        return any(map(is_traced, value))
    return type(value) is Array or isinstance(value, (torch.Tensor, torch.SymInt, torch.SymFloat))


def _forwards(index: Any, tensor: torch.Tensor) -> tuple[Any, torch.Tensor]:
    """An index without slices that run backwards, and the tensor that it is for, flipped where one did."""
    parts = index if isinstance(index, tuple) else (index,)
    backwards = [part for part in parts if isinstance(part, slice) and part.step is not None and part.step < 0]
    if not backwards:
        return index, tensor
    if any(not isinstance(part, (slice, int, type(None), type(Ellipsis))) for part in parts):
        raise NotInTorch("an index of a slice that runs backwards and an array has no form in torch")
    consumed = sum(part is not None and part is not Ellipsis for part in parts)
    turned: list[Any] = []
    axis = 0
    for part in parts:
        if part is Ellipsis:
            axis += tensor.dim() - consumed
        elif part in backwards:
            size = tensor.shape[axis]
            start, stop = (
                None if at is None else size - 1 - (at + size if at < 0 else at) for at in (part.start, part.stop)
            )
            tensor, part = tensor.flip(axis), slice(start, stop, -part.step)
        turned.append(part)
        axis += part is not None and part is not Ellipsis
    return tuple(turned), tensor


def computed(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a universal function of NumPy gives; of a tensor a tensor, as NumPy does."""
    if getattr(np, ufunc.__name__, None) is not ufunc:
        raise NotInTorch(f"`{ufunc.__name__}`, which is none of NumPy's own functions, has no form in torch")
    named = dict(kwargs)
    outs = named.pop("out", None)
    out = outs[0] if outs else None
    where = named.pop("where", True)
    if method == "reduce" and where is True:
        name = _REDUCTIONS.get(ufunc.__name__)
    elif method == "accumulate" and where is True:
        name = _ACCUMULATIONS.get(ufunc.__name__)
    else:
        name = ufunc.__name__ if method == "__call__" else None
    if any(type(each) is np.ndarray for each in outs or ()) or (method == "at" and type(inputs[0]) is np.ndarray):
        raise NeedsValues(_INTO_VALUES)
    if method == "at" and ufunc is np.add:
        inputs[0]._written()
        inputs[0].tensor.index_put_(_places(inputs[1]), stacked(inputs[2]).to(inputs[0].tensor.dtype), accumulate=True)
        return None
    if name is None or (outs and (len(outs) > 1 or type(out) is not Array)):
        raise NotInTorch(f"`np.{ufunc.__name__}.{method}` as it is used has no form in torch")
    if not any(type(each) is Array or isinstance(each, torch.Tensor) for each in inputs):
        inputs = [Array(stacked(each)) if is_traced(each) else each for each in inputs]
    inputs = [each if type(each) in _WEAK or is_traced(each) else _array(each) for each in inputs]
    if where is not True:
        if out is None:
            raise NotInTorch(f"`np.{ufunc.__name__}` with `where` and without `out` has no form in torch")
        out[...] = called("numpy", "where", (where, called("numpy", name, inputs, named), out), {})
        return out
    if out is not None:
        out._written()
        named["out"] = out
    result = called("numpy", name, inputs, named)
    if out is not None:
        return out
    return without_arrays(result) if any(isinstance(each, torch.Tensor) for each in inputs) else result


_REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}
_ACCUMULATIONS = {"add": "cumsum", "multiply": "cumprod"}


_WRITERS = frozenset({"copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis"})
"""Functions that write into their first argument."""

_INTO_VALUES = "what NumPy computes of a tensor is written into an array of its own"


def _places(indices: Any) -> tuple[torch.Tensor, ...]:
    """Indices as `index_put_` takes them."""
    return tuple(map(stacked, indices)) if isinstance(indices, tuple) else (stacked(indices),)


def _number(kind: type[int] | type[float], tensor: torch.Tensor) -> int | float:
    try:
        return kind(tensor)
    except RuntimeError as error:  # what torch raises for data that a trace does not have has no common class
        raise NeedsValues(f"`{kind.__name__}` of an array needs its values") from error


def called(module: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a function of NumPy gives, by the one of torch's layer or one of our own; raises NotInTorch."""
    into = args[0] if name in _WRITERS else kwargs.get("out")
    if type(into) is np.ndarray:
        raise NeedsValues(_INTO_VALUES)
    if type(into) is Array:
        into._written()
    what = f"{module.replace('numpy', 'np', 1)}.{name}"
    own = vars(numpy_functions).get(name) if module == "numpy" else None
    function = function_in_layer(module, name)
    if function is None and own is None:
        raise NotInTorch(f"`{what}` of a tensor has no form in torch")
    if function is not None:
        try:
            return _run(what, function, args, kwargs)
        except NotInTorch:
            if own is None:
                raise
    assert own is not None
    return own(*args, **kwargs)


def _run(what: str, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    try:
        return _taken(function(*map(_given, args), **{name: _named(name, value) for name, value in kwargs.items()}))
    except NotImplementedError as error:
        if isinstance(error, NotInTorch):
            raise
        raise NotInTorch(f"`{what}` as it is used has no form in torch: {error}") from error


def _named(name: str, value: Any) -> Any:
    return dtype_in_layer(value) if name == "dtype" and value is not None else _given(value)


def _given(value: Any) -> Any:
    """A value as the layer takes it."""
    if isinstance(value, (tuple, list)):
        return type(value)(map(_given, value))
    if type(value) is Array or isinstance(value, torch.Tensor):
        return in_layer(without_arrays(value))
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return dtype_in_layer(value)
    if isinstance(value, (np.ndarray, np.floating, np.complexfloating)):
        return in_layer(torch.from_numpy(_array(value)))
    return value.item() if isinstance(value, (np.integer, np.bool_)) else value


def _taken(value: Any) -> Any:
    """A result of the layer as the body takes it."""
    if isinstance(value, (tuple, list)):
        return type(value)(map(_taken, value))
    if is_in_layer(value):
        return Array(value.tensor)
    return numpy_dtype(value) if is_dtype_of_layer(value) else value
