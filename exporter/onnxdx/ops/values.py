"""What ONNX functions say about their arguments: dtypes, sizes that may be open, constants and casts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from onnxscript import evaluator

from onnxdx.tracing.symbolic import op
from onnxdx.tracing.tracer import Tracer

Value = Any
"""A tensor of the graph under construction, or a Python number where the operator was given one."""

Size = Any
"""A size: a number when the capture fixed it, else a value of the graph (0-d or of one element)."""

BOOL, INT64, FLOAT = ir.DataType.BOOL, ir.DataType.INT64, ir.DataType.FLOAT
FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16})
_NARROW_FLOATS = frozenset({ir.DataType.FLOAT16, ir.DataType.BFLOAT16})
_UNSIGNED = frozenset({ir.DataType.UINT8, ir.DataType.UINT16, ir.DataType.UINT32, ir.DataType.UINT64})


def tracer() -> Tracer:
    """The tracer that runs the ONNX function."""
    current = evaluator.default()
    assert isinstance(current, Tracer)
    return current


def rank(x: Value) -> int:
    """Number of dimensions of an argument."""
    return len(x.shape)


def axis_of(x: Value, dim: int) -> int:
    """`dim` counted from the front; a scalar counts as having one dimension."""
    return dim if dim >= 0 else dim + max(rank(x), 1)


def size(x: Value, axis: int) -> Size:
    """The size of one dimension of an argument: a number, or a tensor of one element where it is open."""
    known = x.shape[axis]
    if isinstance(known, int):
        return known
    axis = axis_of(x, axis)
    return op.Shape(x, start=axis, end=axis + 1)


def sizes(x: Value) -> list[Size]:
    """All sizes of an argument."""
    return [size(x, axis) for axis in range(rank(x))]


def shape(items: Sequence[Size]) -> Value:
    """Sizes as one 1-D tensor."""
    return tracer().vector(list(items))


def is_static(items: Iterable[Size]) -> bool:
    """Whether all sizes are numbers."""
    return all(isinstance(item, int) for item in items)


def product(items: Sequence[Size]) -> Size:
    """The product of sizes: a number, or a scalar of the graph."""
    if is_static(items):
        return math.prod(items)
    return op.ReduceProd(shape(items), keepdims=False)


def scalar(item: Size) -> Value:
    """A size as a 0-d tensor."""
    if isinstance(item, int):
        return tracer().constant(item, INT64)
    return op.Reshape(item, tracer().constant([], INT64))


def constant(array: Any, dtype: ir.DataType) -> Value:
    """An array as a constant of this dtype."""
    return op.Constant(value=ir.tensor(np.asarray(array).astype(dtype.numpy()), dtype=dtype))


def number(value: Any, dtype: ir.DataType) -> Value:
    """A Python number as a 0-d constant; the same number is one constant."""
    return tracer().constant(value, dtype)


def cast(x: Value, dtype: ir.DataType | int) -> Value:
    """`x` in this dtype; `x` itself when it has it."""
    dtype = ir.DataType(dtype)
    if not isinstance(x, ir.Value):
        return number(x, dtype)
    return x if x.dtype is dtype else op.Cast(x, to=dtype)


def is_float(x: Value) -> bool:
    """Whether a tensor holds floating-point numbers."""
    return x.dtype in FLOATS if isinstance(x, ir.Value) else isinstance(x, float)


def is_unsigned(x: Value) -> bool:
    """Whether a tensor holds unsigned integers."""
    return isinstance(x, ir.Value) and x.dtype in _UNSIGNED


def is_narrow_float(x: Value) -> bool:
    """Whether a tensor holds 16-bit floats, with which torch accumulates in 32 bits."""
    return isinstance(x, ir.Value) and x.dtype in _NARROW_FLOATS


def given_dtype(dtype: int | None) -> ir.DataType | None:
    """The `dtype` argument of an operator; None when it was not given (-1 stands for that in signatures)."""
    return None if dtype in (None, -1) else ir.DataType(dtype)


def lowest(dtype: ir.DataType) -> Any:
    """The smallest value of a dtype: minus infinity for floats."""
    if dtype in FLOATS:
        return -math.inf
    return False if dtype is BOOL else int(np.iinfo(dtype.numpy()).min)


def highest(dtype: ir.DataType) -> Any:
    """The largest value of a dtype: infinity for floats."""
    if dtype in FLOATS:
        return math.inf
    return True if dtype is BOOL else int(np.iinfo(dtype.numpy()).max)


def swapped(x: Value, *, rank: int) -> Value:
    """The last two dimensions exchanged."""
    return op.Transpose(x, perm=[*range(rank - 2), rank - 1, rank - 2])


def move(x: Value, source: int, destination: int, *, rank: int) -> Value:
    """One dimension moved to another place, the others in their order."""
    order = [axis for axis in range(rank) if axis != source]
    order.insert(destination, source)
    return x if order == list(range(rank)) else op.Transpose(x, perm=order)
