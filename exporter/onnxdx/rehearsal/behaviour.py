"""What a model computes in eager mode, on its sample inputs and on others: seen, kept, and compared."""

from __future__ import annotations

import contextlib
import enum
import itertools
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from onnxdx.eager import plain_run
from onnxdx.rehearsal import draws
from onnxdx.rehearsal.draws import Draw
from onnxdx.request import ExportRequest
from onnxdx.verification.comparison import compare

FEW, FEWEST, MOST = 6, 24, 96
LONGEST_CALL = 60.0
ENDLESS = "no end"


@dataclass(frozen=True)
class Call:
    """What one call gave: the tensors and numbers of its result, and what they are of; or the error that it raised."""

    values: tuple[Any, ...] = ()
    kinds: str = ""
    error: str = ""


class Mode(enum.Enum):
    """How a model is called: as asked for, in training, or in eval mode with all dropout off."""

    ASKED = "asked"
    TRAINING = "training"
    CALM = "calm"


@dataclass(frozen=True)
class Seen:
    """What was seen of a model: its sample, and the calls on the draws.

    `calm` and `training` are there of one that draws random numbers in the mode that was asked for: what its calls give
    without dropout, and in training.
    """

    sample: Sequence[Any]
    calls: Sequence[Call]
    calm: Sequence[Call] = ()
    training: Sequence[Call] = ()

    @property
    def without_results(self) -> str:
        """The error that every call raises; empty when there is something to compare."""
        return self.calls[0].error if all(call.error for call in self.calls) else ""

    @property
    def lonely(self) -> bool:
        """Whether there are tensors to draw, and the model takes none but those of the sample."""
        drawn = any(isinstance(leaf, torch.Tensor) and leaf.numel() for leaf in self.sample)
        return drawn and all(call.error for call in self.calls[1:])


class Observed:
    """A model with its inputs, called on one draw after the other; each call finds it as it was."""

    def __init__(self, request: ExportRequest, sample: Sequence[Any] | None = None) -> None:
        self._request = request
        self._limit = LONGEST_CALL
        self._own = draws.leaves((request.args, dict(request.kwargs)))
        self.fits = sample is None or len(sample) == len(self._own)
        self.sample = self._own if sample is None else list(sample)

    def call(self, draw: Draw, mode: Mode = Mode.ASKED, seed: int = 0) -> Call:
        """Call the model; the random numbers that it draws are always the same, unless `seed` is another."""
        request = self._request
        modes = [(module, module.training) for module in request.model.modules()]
        weights = [tensor for tensor in _state(request.model) if tensor.is_floating_point() and tensor.itemsize > 1]
        before = [tensor.detach().clone() for tensor in weights] if draw.weights != 1 else []
        try:
            if mode is Mode.TRAINING or not request.options.training:
                request.model.train(mode is Mode.TRAINING)
            if before:
                _scale(weights, draw.weights)
            torch.manual_seed(seed)
            started = time.perf_counter()
            with _ended_after(self._limit), _Calm() if mode is Mode.CALM else contextlib.nullcontext():
                with torch.no_grad():
                    call = self._attempt(draw)
                if call.error:  # a model that differentiates itself runs with gradients only
                    torch.manual_seed(seed)
                    with torch.enable_grad():
                        again = self._attempt(draw)
                    call = call if again.error else again
            self._limit = min(self._limit, max(2.0, 10 * (time.perf_counter() - started)))
            return call
        except _TooLong:
            return Call(error=ENDLESS)
        finally:
            for tensor, value in zip(weights, before, strict=False):
                tensor.data.copy_(value)
            for module, training in modes:
                module.training = training

    def _attempt(self, draw: Draw) -> Call:
        """What comes out, copied before the model is put back as it was."""
        model, given = self._request.model, iter(map(_as, draw.leaves, self._own))
        inputs = (tuple(self._request.args), dict(self._request.kwargs))
        args, kwargs = draws.mapped(lambda _: _copied(next(given)), inputs)
        with plain_run.unchanged(model), plain_run.values_kept(model, (), {}):
            try:
                parts = list(_parts(model(*args, **kwargs)))
            except (Exception, SystemExit) as error:
                return Call(error=type(error).__name__)
            return Call(tuple(_copied(value) for _, value in parts), " ".join(kind for kind, _ in parts))


class _TooLong(BaseException):
    """A call takes too long: on other inputs the loops of a model may never end."""


@contextlib.contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    def end(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def observed(model: Observed, seconds: float, enough: Callable[[], bool]) -> Seen:
    """The calls on the draws: at least `FEWEST`, more until `enough()`, none begun after `seconds` but the first."""
    calls: list[Call] = []
    started = time.perf_counter()
    for number, draw in enumerate(draws.draws(model.sample)):
        if number >= (FEWEST if enough() else MOST) or (number and time.perf_counter() - started > seconds):
            break
        calls.append(model.call(draw))
    first = Draw(tuple(model.sample))
    if not _difference(calls[0], model.call(first, seed=1)):
        return Seen(model.sample, calls)
    few = list(itertools.islice(draws.draws(model.sample), FEW))
    calm, training = ([model.call(draw, mode) for draw in few] for mode in (Mode.CALM, Mode.TRAINING))
    return Seen(model.sample, calls, calm, training)


def difference(before: Seen, model: Observed) -> str:
    """What another model gives on the draws that it did not give before; empty when nothing.

    A model that is to be in eval mode may stop to drop out, if it does as before in training.
    """
    if not model.fits:
        return "the edited program has other inputs"
    if before.without_results:
        return ""
    reason = _in_mode(before.calls, model, Mode.ASKED)
    if reason and before.calm and not _in_mode(before.calm, model, Mode.ASKED):
        return _in_mode(before.training, model, Mode.TRAINING)
    return reason


def _in_mode(before: Sequence[Call], model: Observed, mode: Mode) -> str:
    for number, (was, draw) in enumerate(zip(before, draws.draws(model.sample), strict=False)):
        if was.error == ENDLESS:
            continue
        reason = _difference(was, model.call(draw, mode))
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


def save(seen: Seen, path: Path) -> None:
    """Keep what was seen, for another process."""
    torch.save(asdict(seen), path)


def load(path: Path) -> Seen:
    """What `save` kept."""
    kept: dict[str, Any] = torch.load(path, weights_only=False)  # written by a process of ours a moment ago
    calls = {name: [Call(**call) for call in kept[name]] for name in ("calls", "calm", "training")}
    return Seen(kept["sample"], **calls)


class _Calm(TorchFunctionMode):
    """While open, what drops out hands on what it is given."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "").rstrip("_")
        if name in ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"):
            return args[0]
        given = dict(kwargs or {})
        if name == "scaled_dot_product_attention" and "dropout_p" in given:
            given["dropout_p"] = 0.0
        return func(*args, **given)


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
