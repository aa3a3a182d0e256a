"""What a custom operator returns for what it is given: seen in a run of the model, and asked again at other sizes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from onnxdx.compat.capturing import TorchDispatchMode
from onnxdx.compat.pytree import leaves_of
from onnxdx.compat.torch_operators import OpOverload, schema
from onnxdx.eager import plain_run
from onnxdx.request import ExportRequest


@dataclass(frozen=True)
class ObservedCall:
    """One call: arguments by the names of the schema, tensors as they were, and the tensors that came out."""

    function: OpOverload
    arguments: Mapping[str, Any]
    results: tuple[torch.Tensor, ...]


def observed_calls(request: ExportRequest, operator: str) -> list[ObservedCall]:
    """Calls of an operator in one run, and the same with other sizes and values of its tensors."""
    watch = _Watch(operator)
    with contextlib.suppress(Exception), watch:
        plain_run.run(request.model, request.args, request.kwargs)
    calls = list(watch.calls)
    for call in watch.calls[:2]:
        for other in _varied(call.arguments):
            again = _asked(watch.function, other)
            if again is not None:
                calls.append(again)
    return calls


class _Watch(TorchDispatchMode):
    """Takes down the calls of one operator."""

    def __init__(self, operator: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[ObservedCall] = []
        self.function: OpOverload | None = None
        self._operator = operator

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(func, OpOverload) and schema(func).name == self._operator:
            self.function = func
            call = _call(func, _named(func, args, kwargs or {}), result)
            if call is not None:
                self.calls.append(call)
        return result


def _named(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    parameters = schema(func).arguments
    given = {parameter.name: parameter.default_value for parameter in parameters if parameter.has_default_value()}
    given.update({parameter.name: value for parameter, value in zip(parameters, args, strict=False)})
    given.update(kwargs)
    return {each.name: _copied(given[each.name]) for each in parameters if each.name in given}


def _call(func: OpOverload, arguments: Mapping[str, Any], result: Any) -> ObservedCall | None:
    results = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(each, torch.Tensor) for each in results):
        return None
    return ObservedCall(func, arguments, tuple(each.detach().clone() for each in results))


def _asked(func: OpOverload | None, arguments: Mapping[str, Any]) -> ObservedCall | None:
    """The operator on other arguments; None where it does not take them."""
    if func is None:
        return None
    try:
        with torch.no_grad():
            result = func(**{name: _copied(value) for name, value in arguments.items()})
    except Exception:  # the user's kernel may refuse any size
        return None
    return _call(func, arguments, result)


def _varied(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments with other values, and with each size in turn, and all of them, made larger."""
    generator = torch.Generator().manual_seed(0)
    sizes = sorted({size for value in arguments.values() for each in _tensors(value) for size in each.shape})
    changes: list[dict[int, int]] = [{}, {}]
    changes += [{size: size * factor + more} for size in sizes for factor, more in ((2, 0), (1, 1), (3, 0))]
    changes += [{size: size * 2 for size in sizes}, {size: size * 3 + 1 for size in sizes}]
    for change in changes:
        yield {name: _resized(value, change, generator) for name, value in arguments.items()}
    for name, value in arguments.items():
        if isinstance(value, int) and not isinstance(value, bool):
            for other in (value + 1, value - 1, value * 2):
                yield {**arguments, name: other}


def _resized(value: Any, change: Mapping[int, int], generator: torch.Generator) -> Any:
    if isinstance(value, (list, tuple)) and all(isinstance(each, torch.Tensor) for each in value):
        return type(value)(_resized(each, change, generator) for each in value)
    if not isinstance(value, torch.Tensor):
        return value
    shape = [change.get(size, size) for size in value.shape]
    if value.is_floating_point():
        return torch.randn(shape, generator=generator).to(value.dtype)
    if value.dtype is torch.bool:
        return torch.rand(shape, generator=generator) > 0.5
    if value.is_complex() or value.numel() == 0:
        return torch.zeros(shape, dtype=value.dtype)
    low, high = int(value.min()), int(value.max())
    return torch.randint(low, high + 1, shape, generator=generator).to(value.dtype)


def _tensors(value: Any) -> list[torch.Tensor]:
    return [each for each in leaves_of(value) if isinstance(each, torch.Tensor)]


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value
