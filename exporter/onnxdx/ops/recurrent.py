# mypy: disable-error-code="misc,arg-type,type-arg,valid-type,assignment,return-value,no-any-return,list-item,index"
# ruff: noqa: E501
"""Recurrent layers as ONNX LSTM, GRU and RNN; LSTM layers with a projection, which ONNX lacks, as a Scan over the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from onnxscript.function_libs.torch_lib.tensor_typing import TFloat

from onnxdx.ops import onnx_function
from onnxdx.ops.cumulative import scanned
from onnxdx.ops.values import INT64, Value, constant, number, rank, size
from onnxdx.tracing.symbolic import op


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


def _projected_lstm(
    x: Value, hx: Sequence[Value], params: Sequence[Value], has_biases: bool, num_layers: int, directions: int
) -> tuple[Value, list[Value]]:
    """All layers of an LSTM with projections: the outputs with the steps first, and the last states."""
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
        x = op.Concat(*outputs, axis=-1) if directions == 2 else outputs[0]
    return x, [op.Concat(*(op.Unsqueeze(each, [0]) for each in states), axis=0) for states in (last_hidden, last_cell)]


_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
"""Where ONNX's gates (iofc, zrh, i) are among torch's (ifgo, rzn, i)."""


def _ordered(weight: Value, order: Sequence[int]) -> Value:
    """The rows of a weight or bias, gate by gate, in ONNX's order."""
    if len(order) == 1:
        return weight
    rows = np.arange(weight.shape[0]).reshape(len(order), -1)
    return op.Gather(weight, constant(rows[list(order)].reshape(-1), INT64), axis=0)


def _together(pieces: Sequence[Value]) -> Value:
    """Directions stacked on a first axis."""
    columns = [op.Unsqueeze(piece, [0]) for piece in pieces]
    return columns[0] if len(columns) == 1 else op.Concat(*columns, axis=0)


def _layers(
    kind: str, x: Value, states: Sequence[Value], params: Sequence[Value], has_biases: bool, num_layers: int,
    directions: int, **attributes: Any,
) -> tuple[Value, list[Value]]:  # fmt: skip
    """All layers by one ONNX operator each: the outputs with the steps first, and the last states."""
    order, width = _GATES[kind], 4 if has_biases else 2
    initial = [_split(state, num_layers) for state in states]
    last: list[list[Value]] = [[] for _ in states]
    for layer in range(num_layers):
        first = layer * directions * width
        each = [params[first + place * width : first + (place + 1) * width] for place in range(directions)]
        biases = (
            _together([op.Concat(_ordered(p[2], order), _ordered(p[3], order), axis=0) for p in each])
            if has_biases
            else None
        )
        outputs = getattr(op, kind)(
            x,
            _together([_ordered(p[0], order) for p in each]),
            _together([_ordered(p[1], order) for p in each]),
            biases,
            None,
            *(pieces[layer] for pieces in initial),
            hidden_size=params[first + 1].shape[-1],
            direction="bidirectional" if directions == 2 else "forward",
            **attributes,
        )
        for found, state in zip(outputs[1:], last, strict=True):
            state.append(found)
        if directions == 1:
            x = op.Squeeze(outputs[0], [1])
        else:
            x = op.Reshape(op.Transpose(outputs[0], perm=[0, 2, 1, 3]), [0, 0, -1])
    return x, [state[0] if num_layers == 1 else op.Concat(*state, axis=0) for state in last]


def _split(state: Value, num_layers: int) -> Sequence[Value]:
    return [state] if num_layers == 1 else op.Split(state, axis=0, num_outputs=num_layers)


def _steps_first(input: Value, batch_first: bool, train: bool, dropout: float) -> Value:
    if train and dropout:
        raise NotImplementedError("a recurrent layer with dropout in training mode")
    return op.Transpose(input, perm=[1, 0, 2]) if batch_first else input


def _given_back(x: Value, batch_first: bool) -> Value:
    return op.Transpose(x, perm=[1, 0, 2]) if batch_first else x


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
    x, directions = _steps_first(input, batch_first, train, dropout), 2 if bidirectional else 1
    if _is_projected(hx):
        result, states = _projected_lstm(x, hx, params, has_biases, num_layers, directions)
    else:
        result, states = _layers("LSTM", x, hx, params, has_biases, num_layers, directions)
    return _given_back(result, batch_first), *states


def _of_one_state(name: str, kind: str, attributes: Callable[[int], Mapping[str, Any]]) -> None:
    """Register the function of a layer ("gru") that is ONNX's `kind`, with these attributes for so many directions."""

    @onnx_function(f"aten::{name}.input", called=name)
    def recurrent(
        input: TFloat,
        hx: TFloat,
        params: Sequence[TFloat],
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> tuple[TFloat, TFloat]:
        """gru.input(Tensor input, Tensor hx, Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, bool batch_first) -> (Tensor, Tensor)"""
        x, directions = _steps_first(input, batch_first, train, dropout), 2 if bidirectional else 1
        result, states = _layers(kind, x, [hx], params, has_biases, num_layers, directions, **attributes(directions))
        return _given_back(result, batch_first), *states


_of_one_state("gru", "GRU", lambda _: {"linear_before_reset": 1})
_of_one_state("rnn_tanh", "RNN", lambda directions: {"activations": ["Tanh"] * directions})
_of_one_state("rnn_relu", "RNN", lambda directions: {"activations": ["Relu"] * directions})
