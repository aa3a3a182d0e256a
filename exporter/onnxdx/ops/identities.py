"""Operators that do nothing in an exported model."""

from __future__ import annotations

from onnxscript.function_libs.torch_lib.tensor_typing import TTensor

from onnxdx.ops import onnx_function


@onnx_function(
    "aten::dropout_", "aten::alpha_dropout_", "aten::feature_dropout_", "aten::feature_alpha_dropout_",
    "aten::alpha_dropout", "aten::feature_dropout", "aten::feature_alpha_dropout",
)  # fmt: skip
def dropout_in_eval_mode(input: TTensor, p: float = 0.5, train: bool = False) -> TTensor:
    """dropout_(Tensor(a!) self, float p, bool train) -> Tensor(a!); also alpha_dropout and feature_dropout"""
    if train and p:
        raise NotImplementedError("this kind of dropout in training mode")
    return input


@onnx_function("aten::detach_", "aten::detach", "aten::alias", "aten::lift_fresh_copy", "aten::lift")
def same(self: TTensor) -> TTensor:
    """detach_(Tensor(a!) self) -> Tensor(a!)"""
    return self
