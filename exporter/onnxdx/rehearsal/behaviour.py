"""What a model computes in eager mode, on its sample inputs and on others: seen, kept, and compared."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from onnxdx import plain_run
from onnxdx.comparison import compare
from onnxdx.rehearsal import draws
from onnxdx.rehearsal.draws import Draw
from onnxdx.request import ExportRequest

FEWEST, MOST = 24, 96


@dataclass(frozen=True)
class Call:
    """What one call gave: the tensors and numbers of its result, and what they are of; or the error that it raised."""

    values: tuple[Any, ...] = ()
    kinds: str = ""
    error: str = ""


class Observed:
    """A model with its inputs, called on one draw after the other; each call finds it as it was."""

    def __init__(self, request: ExportRequest, sample: Sequence[Any] | None = None) -> None:
        self._request = request
        own = draws.leaves((request.args, dict(request.kwargs)))
        self.fits = sample is None or len(sample) == len(own)
        self.sample = own if sample is None or not self.fits else [_as(*pair) for pair in zip(sample, own, strict=True)]

    def call(self, draw: Draw) -> Call:
        """Call the model; the random numbers that it draws are always the same."""
        request = self._request
        given = iter(draw.leaves)
        args, kwargs = draws.mapped(lambda _: _copied(next(given)), (tuple(request.args), dict(request.kwargs)))
        modes = [(module, module.training) for module in request.model.modules()]
        weights = [tensor for tensor in _state(request.model) if tensor.is_floating_point()]
        before = [tensor.detach().clone() for tensor in weights] if draw.weights != 1 else []
        try:
            if not request.options.training:
                request.model.eval()
            if before:
                _scale(weights, draw.weights)
            torch.manual_seed(0)
            ran = plain_run.run(request.model, args, kwargs)
        finally:
            for tensor, value in zip(weights, before, strict=False):
                tensor.data.copy_(value)
            for module, mode in modes:
                module.training = mode
        if isinstance(ran, plain_run.Ran):
            parts = list(_parts(ran.output))
            values = tuple(_copied(value) for _, value in parts)
            return Call(values, " ".join(kind for kind, _ in parts))
        return Call(error=type(ran.error).__name__ if isinstance(ran, plain_run.Failed) else "no values")


def observed(model: Observed, seconds: float, enough: Any) -> list[Call]:
    """The calls on the draws: at least `FEWEST`, more until `enough()`, none begun after `seconds` but the first."""
    calls: list[Call] = []
    started = time.perf_counter()
    for number, draw in enumerate(draws.draws(model.sample)):
        if number >= (FEWEST if enough() else MOST) or (number and time.perf_counter() - started > seconds):
            break
        calls.append(model.call(draw))
    return calls


def difference(before: Sequence[Call], model: Observed) -> str:
    """What another model gives on the draws that it did not give before; empty when nothing."""
    if not model.fits:
        return "the edited program has other inputs"
    for number, (was, draw) in enumerate(zip(before, draws.draws(model.sample), strict=False)):
        now = model.call(draw)
        reason = _difference(was, now)
        if reason:
            return reason if number == 0 else f"on other inputs {reason}"
    return ""


def _difference(was: Call, now: Call) -> str:
    if was.error or now.error:
        if bool(was.error) == bool(now.error):
            return ""
        return f"it raises {now.error}" if now.error else f"it does not raise {was.error} any more"
    if was.kinds != now.kinds or len(was.values) != len(now.values):
        return f"it returns {now.kinds or 'nothing'} in place of {was.kinds or 'nothing'}"
    for old, new in zip(was.values, now.values, strict=True):
        reason = _of_value(old, new)
        if reason:
            return f"the results differ: {reason}"
    return ""


def _of_value(old: Any, new: Any) -> str:
    if not isinstance(old, torch.Tensor) or not isinstance(new, torch.Tensor):
        same = old == new or (old != old and new != new)
        return "" if same else f"{new!r} in place of {old!r}"
    found = compare(_dense(new), _dense(old))
    return found.contract or found.numbers


def save(calls: Sequence[Call], sample: Sequence[Any], path: Path) -> None:
    """Keep what was seen, for another process."""
    kept = {"calls": [(call.values, call.kinds, call.error) for call in calls], "sample": list(sample)}
    torch.save(kept, path)


def load(path: Path) -> tuple[list[Call], list[Any]]:
    """What `save` kept: the calls and the sample."""
    kept: Mapping[str, Any] = torch.load(path, weights_only=False)  # written by a process of ours a moment ago
    return [Call(tuple(values), kinds, error) for values, kinds, error in kept["calls"]], kept["sample"]


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The tensors and numbers of a result in order, each with the name of its kind; all else as text."""
    if isinstance(value, torch.Tensor):
        yield "tensor", value
    elif value is None or isinstance(value, (bool, int, float, complex, str)):
        yield type(value).__name__, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{type(value).__name__}[{key}]", len(value)
            yield from _parts(item)
    elif isinstance(value, (tuple, list)):
        yield type(value).__name__, len(value)
        for item in value:
            yield from _parts(item)
    elif hasattr(value, "__dict__"):
        yield type(value).__name__, len(vars(value))
        for item in vars(value).values():
            yield from _parts(item)
    else:
        yield type(value).__name__, repr(value)


def _as(value: Any, own: Any) -> Any:
    """A leaf of the one program as the other takes it, which may have made a tensor of a number."""
    if isinstance(own, torch.Tensor) and not isinstance(value, torch.Tensor):
        return torch.as_tensor(value, dtype=own.dtype)
    return value


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return value.copy() if type(value).__module__ == "numpy" else value


def _dense(value: torch.Tensor) -> torch.Tensor:
    value = value.dequantize() if value.is_quantized else value
    return value if value.layout is torch.strided else value.to_dense()


def _state(model: torch.nn.Module) -> Iterator[torch.Tensor]:
    yield from model.parameters()
    yield from model.buffers()


def _scale(weights: Sequence[torch.Tensor], factor: float) -> None:
    for tensor in weights:
        tensor.data.mul_(factor)
