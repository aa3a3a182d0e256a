# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return"
"""Convolutions that torchlib gives a bias of the wrong shape."""

from __future__ import annotations

from collections.abc import Sequence

from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat

from onnxdx.ops import onnx_function
from onnxdx.ops.values import number
from onnxdx.tracing.symbolic import op


@onnx_function("aten::conv3d")
def conv3d(
    input: TFloat,
    weight: TFloat,
    bias: TFloat | None = None,
    stride: Sequence[int] = (1, 1, 1),
    padding: Sequence[int] = (0, 0, 0),
    dilation: Sequence[int] = (1, 1, 1),
    groups: int = 1,
) -> TFloat:
    """conv3d(Tensor input, Tensor weight, Tensor? bias=None, int[3] stride=1, SymInt[3] padding=0, ...) -> Tensor"""
    if bias is None:
        bias = op.Expand(number(0.0, input.dtype), op.Shape(weight, start=0, end=1))
    return core.aten_conv3d.func(input, weight, bias, stride, padding, dilation, groups)
