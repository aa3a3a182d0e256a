"""Decisions of a traced function on the values of tensors: all sides are computed, and one is chosen."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_MOST_PATHS = 8
_MOST_TESTS = 8


class TooManyPaths(Exception):
    """A function decides so often that not all of its paths are computed."""


def on_all_paths(body: Callable[[], Any]) -> Any:
    """What a function gives, for a trace: of an `if` on a tensor both sides, and `torch.where` between them.

    The function is run once for each path through its decisions, so it must not write into anything from outside.
    Raises TooManyPaths.
    """
    paths = 0

    def after(decided: tuple[bool, ...]) -> Any:
        nonlocal paths
        paths += 1
        if paths > _MOST_PATHS:
            raise TooManyPaths("it decides on the values of tensors on too many paths")
        with _Decided(decided) as decisions:
            result = body()
        for index in reversed(range(len(decided), len(decisions.tests))):
            other = after((*decided, *(True for _ in range(len(decided), index)), False))
            result = _where(decisions.tests[index], result, other)
        return result

    return after(())


class _Decided(TorchFunctionMode):
    """Answers the tests of a function: the first ones as was decided, the others with yes."""

    def __init__(self, decided: Sequence[bool]) -> None:
        super().__init__()
        self.tests: list[torch.Tensor] = []
        self._decided = decided

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        is_truth = func is torch.Tensor.item and args[0].dtype is torch.bool  # what some subclasses make of `bool()`
        if func is not torch.Tensor.__bool__ and not is_truth:
            return func(*args, **(kwargs or {}))
        if len(self.tests) == _MOST_TESTS:
            raise TooManyPaths("it decides on the values of tensors too often, as in a loop")
        self.tests.append(args[0].reshape(()) != 0)
        return self._decided[len(self.tests) - 1] if len(self.tests) <= len(self._decided) else True


@contextlib.contextmanager
def choosing() -> Iterator[None]:
    """`torch.cond` computes both sides and chooses: in a trace that is alone, torch cannot make a branch of it."""
    before = torch.cond
    torch.cond = _chosen
    try:
        yield
    finally:
        torch.cond = before


def _chosen(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Any = ()) -> Any:
    if isinstance(pred, bool):
        return (true_fn if pred else false_fn)(*operands)
    return _where(pred, true_fn(*operands), false_fn(*operands))


def _where(pred: Any, one: Any, other: Any) -> Any:
    if isinstance(one, dict):
        return {name: _where(pred, one[name], other[name]) for name in one}
    if isinstance(one, (tuple, list)):
        return type(one)(_where(pred, *both) for both in zip(one, other, strict=True))
    if not isinstance(one, torch.Tensor):
        if one != other:
            raise TooManyPaths("its results are other numbers on other paths")
        return one
    if one.dtype != other.dtype or one.dim() != other.dim():
        raise TooManyPaths("its results are of other kinds on other paths")
    return torch.where(pred, one, other)
