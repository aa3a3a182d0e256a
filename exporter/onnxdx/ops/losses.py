# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Losses, which a model computes when it is given labels."""

from __future__ import annotations

from typing import Any

from onnxscript.function_libs.torch_lib.tensor_typing import TFloat
from onnxscript.onnx_types import INT64 as Int64
from onnxscript.onnx_types import TensorType

from onnxdx.ops import onnx_function
from onnxdx.ops.values import INT64, Value, cast, is_float, number, rank
from onnxdx.tracing.symbolic import op

_MEAN, _SUM = 1, 2
_NAMES = {0: "none", _MEAN: "mean", _SUM: "sum"}


def _brought_together(loss: Value, reduction: int) -> Value:
    if reduction == _MEAN:
        return op.ReduceMean(loss, keepdims=0)
    return op.ReduceSum(loss, keepdims=0) if reduction == _SUM else loss


def _batched(self: Value, target: Value) -> tuple[Value, Value]:
    """One sample without a batch as a batch of one."""
    return op.Unsqueeze(self, [0]), op.Unsqueeze(target, [0])


def _likelihood(self: Value, target: Value, weight: Value | None, reduction: int, ignore_index: Any) -> Value:
    """ONNX NegativeLogLikelihoodLoss of log probabilities, whose classes are the second dimension."""
    single = rank(self) == 1
    if single:
        self, target = _batched(self, target)
    ignored = {"ignore_index": ignore_index} if isinstance(ignore_index, int) else {}
    loss = op.NegativeLogLikelihoodLoss(self, cast(target, INT64), weight, reduction=_NAMES[reduction], **ignored)
    return op.Squeeze(loss, [0]) if single and reduction == 0 else loss


@onnx_function("aten::nll_loss_nd", "aten::nll_loss", "aten::nll_loss2d")
def nll_loss(
    self: TFloat, target: Int64, weight: TFloat | None = None, reduction: int = 1, ignore_index: int = -100
) -> TFloat:
    """nll_loss_nd(Tensor self, Tensor target, Tensor? weight=None, int reduction=Mean, SymInt ignore_index=-100) -> Tensor"""
    return _likelihood(self, target, weight, reduction, ignore_index)


def _by_class(weight: Value, dims: int) -> Value:
    """Class weights along the second dimension of a tensor (the only one of a single sample)."""
    return op.Unsqueeze(weight, list(range(1, dims - 1))) if dims > 2 else weight


def _against_probabilities(logp: Value, target: Value, weight: Value | None, reduction: int, smoothing: float) -> Value:
    dims = rank(target)
    axis = 0 if dims == 1 else 1
    if smoothing:
        classes = op.Cast(op.Shape(target, start=axis, end=axis + 1), to=target.dtype)
        spread = op.Div(number(smoothing, target.dtype), classes)
        wanted = op.Add(op.Mul(target, number(1 - smoothing, target.dtype)), spread)
    else:
        wanted = target
    terms = op.Mul(logp, wanted)
    if weight is not None:
        terms = op.Mul(terms, _by_class(weight, dims))
    loss = op.Neg(op.ReduceSum(terms, [axis], keepdims=0))
    if reduction == _MEAN and dims == 1:
        return loss
    return _brought_together(loss, reduction)


def _smoothed(
    logp: Value, target: Value, weight: Value | None, reduction: int, ignore_index: int, smoothing: float, dims: int
) -> Value:
    """(1 - s) of the likelihood and s of the mean over all classes, labels that are ignored counting for nothing."""
    plain = op.NegativeLogLikelihoodLoss(logp, target, weight, reduction="none", ignore_index=ignore_index)
    kept = op.Not(op.Equal(target, number(ignore_index, INT64)))
    flat = op.Mul(logp, _by_class(weight, dims)) if weight is not None else logp
    even = op.Neg(op.ReduceSum(flat, [1], keepdims=0))
    even = op.Where(kept, even, number(0.0, logp.dtype))
    classes = op.Cast(op.Squeeze(op.Shape(logp, start=1, end=2), [0]), to=logp.dtype)
    share = op.Div(number(smoothing, logp.dtype), classes)
    loss = op.Add(op.Mul(plain, number(1 - smoothing, logp.dtype)), op.Mul(even, share))
    if reduction != _MEAN:
        return _brought_together(loss, reduction)
    if weight is None:
        counted = op.Cast(kept, to=logp.dtype)
    else:
        safe = op.Where(kept, target, number(0, INT64))
        counted = op.Where(kept, op.Gather(weight, safe, axis=0), number(0.0, logp.dtype))
    return op.Div(op.ReduceSum(loss, keepdims=0), op.ReduceSum(counted, keepdims=0))


@onnx_function("aten::cross_entropy_loss")
def cross_entropy_loss(
    self: TFloat,
    target: TensorType,
    weight: TFloat | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> TFloat:
    """cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=Mean, SymInt ignore_index=-100, float label_smoothing=0.0) -> Tensor; labels are classes or probabilities"""
    axis = 0 if rank(self) == 1 else 1
    if is_float(target):
        logp = op.LogSoftmax(self, axis=axis)
        return _against_probabilities(logp, target, weight, reduction, label_smoothing)
    labels, scores, single = cast(target, INT64), self, rank(self) == 1
    if single:
        scores, labels = _batched(scores, labels)
    logp = op.LogSoftmax(scores, axis=1)
    if label_smoothing:
        loss = _smoothed(logp, labels, weight, reduction, ignore_index, label_smoothing, max(rank(self), 2))
    else:
        loss = op.NegativeLogLikelihoodLoss(
            logp, labels, weight, reduction=_NAMES[reduction], ignore_index=ignore_index
        )
    return op.Squeeze(loss, [0]) if single and reduction == 0 else loss


@onnx_function("aten::binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    self: TFloat,
    target: TFloat,
    weight: TFloat | None = None,
    pos_weight: TFloat | None = None,
    reduction: int = 1,
) -> TFloat:
    """binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, Tensor? pos_weight=None, int reduction=Mean) -> Tensor"""
    negative = op.Softplus(op.Neg(self))
    missed = op.Mul(op.Sub(number(1.0, self.dtype), target), self)
    if pos_weight is not None:
        factor = op.Add(op.Mul(op.Sub(pos_weight, number(1.0, self.dtype)), target), number(1.0, self.dtype))
        negative = op.Mul(factor, negative)
    loss = op.Add(missed, negative)
    if weight is not None:
        loss = op.Mul(loss, weight)
    return _brought_together(loss, reduction)


@onnx_function("aten::multilabel_margin_loss")
def multilabel_margin_loss(self: TFloat, target: Int64, reduction: int = 1) -> TFloat:
    """multilabel_margin_loss(Tensor self, Tensor target, int reduction=Mean) -> Tensor; the labels of a sample end at the first -1

    torch's own decomposition counts what stands behind that -1 as well (2.9 - 2.14).
    """
    classes = op.Shape(self, start=rank(self) - 1)
    ended = op.CumSum(op.Cast(op.Less(target, number(0, INT64)), to=INT64), number(rank(self) - 1, INT64))
    is_label = op.Equal(ended, number(0, INT64))
    chosen = op.GatherElements(self, op.Where(is_label, target, number(0, INT64)), axis=-1)
    every = op.Range(number(0, INT64), op.Squeeze(classes, [0]), number(1, INT64))
    named = op.Equal(op.Unsqueeze(op.Where(is_label, target, number(-1, INT64)), [-1]), every)
    among = op.ReduceMax(op.Cast(named, to=self.dtype), [-2], keepdims=1)
    margin = op.Sub(number(1.0, self.dtype), op.Sub(op.Unsqueeze(chosen, [-1]), op.Unsqueeze(self, [-2])))
    counted = op.Mul(op.Relu(margin), op.Sub(number(1.0, self.dtype), among))
    terms = op.Where(op.Unsqueeze(is_label, [-1]), counted, number(0.0, self.dtype))
    loss = op.Div(op.ReduceSum(terms, [-2, -1], keepdims=0), op.Cast(op.Squeeze(classes, [0]), to=self.dtype))
    return _brought_together(loss, reduction)
