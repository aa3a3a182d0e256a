"""Dtypes, shapes and tensors of torch in ONNX's terms, shapes in the user's own dim names."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir
import sympy
import torch
from onnx_ir.tensor_adapters import TorchTensor, from_torch_dtype, to_torch_dtype

__all__ = ["dim_name", "ir_tensor", "is_complex", "onnx_dtype", "onnx_shape", "to_torch_dtype", "torch_name"]


def is_complex(value: object) -> bool:
    """Whether this is a complex tensor, which ONNX graphs carry as a real tensor with a last axis of size 2."""
    return isinstance(value, torch.Tensor) and value.dtype.is_complex


def onnx_dtype(value: object) -> ir.DataType | None:
    """The ONNX element type that stands for a captured value; None for a value that is no tensor or number."""
    if isinstance(value, torch.Tensor):
        return from_torch_dtype(value.dtype.to_real() if value.dtype.is_complex else value.dtype)
    if isinstance(value, (bool, torch.SymBool)):
        return ir.DataType.BOOL
    if isinstance(value, (int, torch.SymInt)):
        return ir.DataType.INT64
    if isinstance(value, (float, torch.SymFloat)):
        return ir.DataType.FLOAT
    return None


def torch_name(dtype: ir.DataType) -> str:
    """What torch calls an ONNX element type ("float64" for DOUBLE); ONNX's own name where torch has none."""
    try:
        return str(to_torch_dtype(dtype)).removeprefix("torch.")
    except TypeError:
        return str(dtype.name).lower()


def dim_name(dim: int | torch.SymInt, names: Mapping[str, str]) -> int | str:
    """A dimension as ONNX writes it: a number, the user's Dim name, or an expression of such names."""
    if isinstance(dim, int):
        return dim
    expression = dim.node.expr
    if expression.is_number:
        return int(expression)
    renamed = {symbol: sympy.Symbol(names.get(str(symbol), str(symbol))) for symbol in expression.free_symbols}
    return str(expression.xreplace(renamed))


def onnx_shape(value: object, names: Mapping[str, str]) -> ir.Shape | None:
    """The ONNX shape that stands for a captured value; numbers are scalars."""
    if not isinstance(value, torch.Tensor):
        return None if onnx_dtype(value) is None else ir.Shape([])
    dims = [dim_name(dim, names) for dim in value.shape]
    return ir.Shape([*dims, 2] if value.dtype.is_complex else dims)


def ir_tensor(tensor: torch.Tensor, name: str | None) -> ir.TensorProtocol:
    """A torch tensor as an ONNX one, sharing its memory; complex ones as real pairs."""
    plain = tensor.detach()
    if plain.is_complex():
        plain = torch.view_as_real(plain.resolve_conj())
    return TorchTensor(plain.resolve_neg() if plain.is_neg() else plain, name=name)
