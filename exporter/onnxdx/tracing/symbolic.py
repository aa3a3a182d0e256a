"""Values of a graph under construction: what ONNX functions compute with, and why they may not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import onnx_ir as ir
from onnxscript.onnx_opset import opset18

Argument: TypeAlias = Any
"""What a parameter can be given: ir.Value, a Python number or string, None, or a list of these."""

Result: TypeAlias = "ir.Value | Sequence[ir.Value]"

op: Any = opset18
"""Operators, untyped: their annotations are of tensor types, not of values under construction."""

_FLOATS = {ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16}


class TracingError(Exception):
    """An ONNX function cannot be traced with these arguments; the text is a sentence for the user."""


class ConstantNeeded(TracingError):
    """A parameter must be known at export, but the model computes it at run time."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"`{parameter}` must be a constant in ONNX, but the model computes it at run time")
        self.parameter = parameter


class OpsetNeeded(TracingError):
    """What stands for the operator exists from a later opset on."""

    def __init__(self, opset: int) -> None:
        super().__init__(f"it needs opset {opset}")
        self.opset = opset


class SymbolicTensor(ir.Value):
    """A value of the graph under construction that understands Python's operators, as ONNX functions use them."""

    @property
    def rank(self) -> int | None:
        """Number of dimensions, if known."""
        return None if self.shape is None else len(self.shape)

    def __bool__(self) -> bool:
        raise TracingError("the ONNX function branches on the value of a tensor")

    def __mod__(self, other: Argument) -> Argument:
        return op.Mod(self, other, fmod=1 if self.dtype in _FLOATS else 0)

    def __neg__(self) -> Argument:
        return op.Neg(self)

    def __add__(self, other: Argument) -> Argument:
        return op.Add(self, other)

    def __radd__(self, other: Argument) -> Argument:
        return op.Add(other, self)

    def __and__(self, other: Argument) -> Argument:
        return op.And(self, other)

    def __rand__(self, other: Argument) -> Argument:
        return op.And(other, self)

    def __mul__(self, other: Argument) -> Argument:
        return op.Mul(self, other)

    def __rmul__(self, other: Argument) -> Argument:
        return op.Mul(other, self)

    def __matmul__(self, other: Argument) -> Argument:
        return op.MatMul(self, other)

    def __pow__(self, other: Argument) -> Argument:
        return op.Pow(self, other)

    def __sub__(self, other: Argument) -> Argument:
        return op.Sub(self, other)

    def __rsub__(self, other: Argument) -> Argument:
        return op.Sub(other, self)

    def __truediv__(self, other: Argument) -> Argument:
        return op.Div(self, other)

    def __lt__(self, other: Argument) -> Argument:
        return op.Less(self, other)

    def __le__(self, other: Argument) -> Argument:
        return op.LessOrEqual(self, other)

    def __gt__(self, other: Argument) -> Argument:
        return op.Greater(self, other)

    def __ge__(self, other: Argument) -> Argument:
        return op.GreaterOrEqual(self, other)
