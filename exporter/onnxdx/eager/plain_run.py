"""The model run once as it is, without any export, and left as it was."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from onnxdx.compat.fake_tensors import FakeTensor
from onnxdx.compat.pytree import leaves_of


@dataclass(frozen=True)
class Ran:
    """The model returned `output`."""

    output: Any


@dataclass(frozen=True)
class Failed:
    """The model raised `error`."""

    error: BaseException


@dataclass(frozen=True)
class NotRun:
    """The model cannot be run: its inputs or its weights have no values."""


def run(model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Ran | Failed | NotRun:
    """Call the model without gradients, or with them if it needs them.

    Its state, the inputs and the random generator are put back afterwards.
    """
    if not has_values(model, args, kwargs):
        return NotRun()
    first = _attempt(model, args, kwargs)
    if isinstance(first, Ran):
        return first
    with torch.enable_grad():  # a model that differentiates itself runs with gradients only
        second = _attempt(model, args, kwargs)
    return second if isinstance(second, Ran) else first


def has_values(model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether weights and inputs are real tensors, neither fake ones nor on the meta device."""
    tensors = [*model.parameters(), *model.buffers(), *leaves_of((args, dict(kwargs)))]
    return not any(
        isinstance(value, torch.Tensor) and (value.is_meta or isinstance(value, FakeTensor)) for value in tensors
    )


def _attempt(model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Ran | Failed:
    with unchanged(model), values_kept(model, args, kwargs):
        try:
            return Ran(model(*args, **kwargs))
        except (Exception, SystemExit) as error:
            return Failed(error)


@contextlib.contextmanager
def unchanged(model: torch.nn.Module) -> Iterator[None]:
    """Afterwards every module has the attributes it had, and its own lists, dicts and sets the items they had."""
    before = [(module, dict(vars(module)), _items(vars(module))) for module in model.modules()]
    try:
        yield
    finally:
        for module, attributes, items in before:
            _restore(vars(module), attributes)
            for container, content in items:
                _refill(container, content)


@contextlib.contextmanager
def values_kept(model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[None]:
    """Afterwards buffers and inputs have their values again and ask for gradients as before; so has the generator.

    A buffer that gets its values in this run keeps them.
    """
    buffers = (buffer for buffer in model.buffers() if not is_lazy(buffer))
    tensors = [*buffers, *(leaf for leaf in leaves_of((args, dict(kwargs))) if _is_tensor(leaf))]
    before = [(tensor, tensor.requires_grad, tensor.detach().clone()) for tensor in tensors]
    random = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(random)
        for tensor, requires_grad, values in before:
            if not torch.equal(tensor.detach(), values):
                tensor.data.copy_(values)
            if tensor.is_leaf and tensor.requires_grad != requires_grad:
                tensor.requires_grad_(requires_grad)


def _is_tensor(leaf: object) -> bool:
    return isinstance(leaf, torch.Tensor)


_Container = list[Any] | dict[Any, Any] | set[Any]


def _items(attributes: Mapping[str, Any]) -> list[tuple[_Container, _Container]]:
    return [(value, value.copy()) for value in attributes.values() if isinstance(value, (list, dict, set))]


def _restore(now: dict[str, Any], before: dict[str, Any]) -> None:
    for name in [name for name in now if name not in before]:
        del now[name]
    now.update(before)


def _refill(container: _Container, content: _Container) -> None:
    if isinstance(container, dict) and isinstance(content, dict):
        _refill_dict(container, content)
    elif isinstance(container, list) and not _same(container, content):
        container[:] = content
    elif isinstance(container, set) and container != content:
        container.clear()
        container.update(content)


def _refill_dict(container: dict[Any, Any], content: dict[Any, Any]) -> None:
    if list(container) == list(content) and _same(container.values(), content.values()):
        return
    container.clear()
    container.update(content)


def _same(one: Any, other: Any) -> bool:
    first, second = list(one), list(other)
    return len(first) == len(second) and all(map(lambda a, b: a is b, first, second))
