"""Recurrent layers and packed sequences, which torch takes apart in code of its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch


@contextlib.contextmanager
def recurrent_layers_as_operators() -> Iterator[None]:
    """While open, recurrent operators only say the shapes of their results when torch.export traces them.

    Torch's own Python kernels for `aten.lstm` and its kin run the layer step by step, which fixes the number of steps
    and the size of the batch (`OpOverload.py_kernels` and its dispatch cache, 2.9 - 2.14).
    """
    operators = [getattr(torch.ops.aten, name).input for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")]
    known = [dict(operator.py_kernels) for operator in operators]
    try:
        for operator in operators:
            operator.py_kernels.update(dict.fromkeys(operator.py_kernels, _recurrent_shapes))
            operator._dispatch_cache.clear()
        yield
    finally:
        for operator, kernels in zip(operators, known, strict=True):
            operator.py_kernels.update(kernels)
            operator._dispatch_cache.clear()


def _recurrent_shapes(
    input: torch.Tensor, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> tuple[torch.Tensor, ...]:  # fmt: skip
    states = list(hx) if isinstance(hx, (list, tuple)) else [hx]
    width = states[0].shape[-1] * (2 if bidirectional else 1)
    return (input.new_empty([*input.shape[:-1], width]), *(torch.empty_like(state) for state in states))


def packs_rows(error: BaseException | None = None) -> bool:
    """Whether torch takes a packed sequence apart: where `error` comes from, else on the stack as it is now.

    Known by the locals of torch's own recurrent layers and of `torch.nn.utils.rnn` (2.9 - 2.14).
    """
    frames: list[FrameType] = []
    frame = sys._getframe(1) if error is None else None
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return any(map(_holds_packed_rows, frames))


def _holds_packed_rows(frame: FrameType) -> bool:
    if frame.f_globals.get("__name__") not in ("torch.nn.modules.rnn", "torch.nn.utils.rnn"):
        return False
    packed = torch.nn.utils.rnn.PackedSequence
    known = frame.f_locals
    return known.get("batch_sizes") is not None or any(isinstance(value, packed) for value in known.values())


def are_packed(value: object) -> bool:
    """Whether a packed sequence is among values."""
    packed = torch.nn.utils.rnn.PackedSequence
    if isinstance(value, packed):
        return True
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return any(map(are_packed, parts))
