# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
"""Running products, maxima and sums: as ONNX Scan over one axis where ONNX has no operator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import onnx_ir as ir
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat, TReal
from onnxscript.onnx_types import INT64 as Int64

from onnxdx.ops import onnx_function
from onnxdx.ops.values import (
    FLOAT,
    INT64,
    Value,
    axis_of,
    cast,
    constant,
    given_dtype,
    highest,
    is_float,
    lowest,
    number,
    rank,
    shape,
    size,
    tracer,
)
from onnxdx.tracing.symbolic import SymbolicTensor, op
from onnxdx.tracing.tracer import Scope

_ADDED = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.INT32, INT64})

Step = Callable[[Sequence[Any], Any], Sequence[Any]]
"""From the carried values and the slice of one position, the new carried values, which are also the results."""


def scanned(x: Value, axis: int, initial: Sequence[Value], step: Step) -> list[Value]:
    """ONNX Scan along one axis: every carried value at every position, stacked along that axis."""
    current = tracer()
    prefix = f"scan.{len(current.scope.root.nodes)}.{len(current.scope.nodes)}"
    rest = None if x.shape is None else [each for place, each in enumerate(x.shape) if place != axis]
    carried = [_formal(f"{prefix}.carried_{place}", value.dtype, rest) for place, value in enumerate(initial)]
    item = _formal(f"{prefix}.item", x.dtype, rest)
    scope = Scope(parent=current.scope)
    with current.inside(scope):
        updated = [op.Identity(value) for value in step(carried, item)]
        results = [op.Identity(value) for value in updated]
    for value, model in zip([*updated, *results], [*carried, *carried], strict=True):
        value.type, value.shape = model.type, model.shape
    for place, value in enumerate(output for node in scope.nodes for output in node.outputs):
        value.name = f"{prefix}.{place}"
    body = ir.Graph(
        [*carried, item],
        [*updated, *results],
        nodes=scope.nodes,
        opset_imports={"": current.opset_version},
        name=prefix,
    )
    count = len(initial)
    attributes = {
        "body": body,
        "num_scan_inputs": 1,
        "scan_input_axes": [axis],
        "scan_output_axes": [axis] * count,
    }
    node = current.emit("Scan", [*initial, x], attributes, outputs=2 * count)
    stacked = list(node.outputs[count:])
    for value, model in zip(stacked, carried, strict=True):
        value.type, value.shape = model.type, x.shape
    return stacked


def _formal(name: str, dtype: ir.DataType, dims: Any) -> SymbolicTensor:
    return SymbolicTensor(name=name, type=ir.TensorType(dtype), shape=None if dims is None else ir.Shape(dims))


def _is_empty(x: Value) -> bool:
    """Whether there is nothing to scan, on which ONNX Runtime ends the process."""
    return 0 in list(x.shape)


def _first(x: Value, axis: int, value: Any, dtype: ir.DataType) -> Value:
    """What is carried into the first position: one value in the shape of a slice."""
    dims = [size(x, each) for each in range(rank(x)) if each != axis]
    return op.Expand(number(value, dtype), shape(dims))


@onnx_function("aten::cumsum")
def cumsum(self: TReal, dim: int, dtype: int = -1) -> TReal:
    """cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor"""
    wanted = given_dtype(dtype) or (self.dtype if is_float(self) else INT64)
    added = wanted if wanted in _ADDED else FLOAT if is_float(self) or wanted is ir.DataType.FLOAT16 else INT64
    x = cast(self, added)
    result = x if rank(self) == 0 else op.CumSum(x, number(axis_of(self, dim), INT64))
    return cast(result, wanted)


@onnx_function("aten::cumprod")
def cumprod(self: TReal, dim: int, dtype: int = -1) -> TReal:
    """cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor"""
    wanted = given_dtype(dtype) or (self.dtype if is_float(self) else INT64)
    x = cast(self, wanted)
    if rank(self) == 0 or _is_empty(self):
        return x
    x.shape = self.shape
    axis = axis_of(self, dim)
    (result,) = scanned(x, axis, [_first(x, axis, 1, wanted)], lambda carried, item: [op.Mul(carried[0], item)])
    return result


def _running(self: Value, dim: int, beats: Callable[[Any, Any], Any], start: Any) -> tuple[Value, Value]:
    """The best element so far and its place, the last of equals; NaN stays."""
    if rank(self) == 0:
        return op.Identity(self), constant(0, INT64)
    if _is_empty(self):
        return op.Identity(self), op.Expand(number(0, INT64), op.Shape(self))
    axis = axis_of(self, dim)
    wide = self.dtype if is_float(self) or self.dtype in _ADDED else INT64
    x = cast(self, wide)
    x.shape = self.shape

    def step(carried: Sequence[Any], item: Any) -> Sequence[Any]:
        best, place, position = carried
        better = beats(item, best)
        if is_float(x):
            better = op.And(op.Or(better, op.IsNaN(item)), op.Or(op.Not(op.IsNaN(best)), op.IsNaN(item)))
        following = op.Add(position, 1)
        return [op.Where(better, item, best), op.Where(better, position, place), following]

    zero = _first(x, axis, 0, INT64)
    best, place, _ = scanned(x, axis, [_first(x, axis, start(wide), wide), zero, zero], step)
    return cast(best, self.dtype), place


@onnx_function("aten::cummax")
def cummax(self: TReal, dim: int) -> tuple[TReal, Int64]:
    """cummax(Tensor self, int dim) -> (Tensor values, Tensor indices)"""
    return _running(self, dim, op.GreaterOrEqual, lowest)


@onnx_function("aten::cummin")
def cummin(self: TReal, dim: int) -> tuple[TReal, Int64]:
    """cummin(Tensor self, int dim) -> (Tensor values, Tensor indices)"""
    return _running(self, dim, op.LessOrEqual, highest)


@onnx_function("aten::logcumsumexp")
def logcumsumexp(self: TFloat, dim: int) -> TFloat:
    """logcumsumexp(Tensor self, int dim) -> Tensor; carried as the greatest exponent and the sum below it"""
    if rank(self) == 0 or _is_empty(self):
        return op.Identity(self)
    axis = axis_of(self, dim)

    def step(carried: Sequence[Any], item: Any) -> Sequence[Any]:
        (total,) = carried
        high = op.Max(total, item)
        low = op.Min(total, item)
        joined = op.Add(high, op.Log(op.Add(op.Exp(op.Sub(low, high)), number(1.0, self.dtype))))
        return [op.Where(op.IsInf(high), high, joined)]

    (result,) = scanned(self, axis, [_first(self, axis, -math.inf, self.dtype)], step)
    return result
