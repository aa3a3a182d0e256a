# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""LSTM layers whose output is projected, which ONNX LSTM has no form for: as a Scan over the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onnxscript.function_libs.torch_lib.ops import core
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat

from onnxdx.ops import onnx_function
from onnxdx.ops.cumulative import scanned
from onnxdx.ops.values import INT64, Value, number, rank, size
from onnxdx.tracing import op


def _is_projected(hx: Sequence[Value]) -> bool:
    hidden, cell = size(hx[0], rank(hx[0]) - 1), size(hx[1], rank(hx[1]) - 1)
    return isinstance(hidden, int) and isinstance(cell, int) and hidden != cell


def _state(states: Value, place: int) -> Value:
    return op.Gather(states, number(place, INT64), axis=0)


def _direction(x: Value, h: Value, c: Value, weights: Sequence[Value], has_biases: bool) -> tuple[Value, Value]:
    """Hidden and cell states of all steps; `x` has the steps first."""
    w_input, w_hidden, *biases = weights
    w_projection = biases.pop()
    gates = op.MatMul(x, op.Transpose(w_input, perm=[1, 0]))
    for bias in biases if has_biases else ():
        gates = op.Add(gates, bias)
    gates.shape = None

    def step(carried: Sequence[Any], item: Any) -> Sequence[Any]:
        hidden, cell = carried
        summed = op.Add(item, op.MatMul(hidden, op.Transpose(w_hidden, perm=[1, 0])))
        enter, forget, new, leave = op.Split(summed, axis=-1, num_outputs=4)
        kept = op.Add(op.Mul(op.Sigmoid(forget), cell), op.Mul(op.Sigmoid(enter), op.Tanh(new)))
        shown = op.Mul(op.Sigmoid(leave), op.Tanh(kept))
        return [op.MatMul(shown, op.Transpose(w_projection, perm=[1, 0])), kept]

    hidden, cell = scanned(gates, 0, [h, c], step)
    return hidden, cell


def _backwards(x: Value) -> Value:
    return op.Slice(x, [-1], [-(2**63)], [0], [-1])


@onnx_function("aten::lstm.input")
def lstm(
    input: TFloat,
    hx: Sequence[TFloat],
    params: Sequence[TFloat],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[TFloat, TFloat, TFloat]:
    """lstm.input(Tensor input, Tensor[] hx, Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, bool batch_first) -> (Tensor, Tensor, Tensor)"""
    if not _is_projected(hx):
        return core.aten_lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    if train and dropout:
        raise NotImplementedError("an LSTM with dropout in training mode")
    x = op.Transpose(input, perm=[1, 0, 2]) if batch_first else input
    directions = 2 if bidirectional else 1
    width = len(params) // (num_layers * directions)
    last_hidden, last_cell = [], []
    for layer in range(num_layers):
        outputs = []
        for direction in range(directions):
            place = layer * directions + direction
            weights = params[place * width : (place + 1) * width]
            given = _backwards(x) if direction else x
            hidden, cell = _direction(given, _state(hx[0], place), _state(hx[1], place), weights, has_biases)
            last_hidden.append(op.Gather(hidden, number(-1, INT64), axis=0))
            last_cell.append(op.Gather(cell, number(-1, INT64), axis=0))
            outputs.append(_backwards(hidden) if direction else hidden)
        x = op.Concat(*outputs, axis=-1) if bidirectional else outputs[0]
    result = op.Transpose(x, perm=[1, 0, 2]) if batch_first else x
    stacked = [op.Concat(*(op.Unsqueeze(each, [0]) for each in states), axis=0) for states in (last_hidden, last_cell)]
    return result, *stacked
