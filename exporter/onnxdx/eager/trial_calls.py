"""Calls of a model in eager to find out what its results depend on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import torch

from onnxdx.compat.pytree import leaves_of
from onnxdx.eager import plain_run
from onnxdx.eager.python_state import PythonState


@dataclass(frozen=True)
class TrialCalls:
    """Calls of a model; inputs, buffers and torch's random numbers are the same for each. `state` is what is watched.

    Whoever makes calls puts the Python state back (`state.kept()`).
    """

    model: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    state: PythonState

    @property
    def possible(self) -> bool:
        """Whether weights and inputs have values."""
        return plain_run.has_values(self.model, self.args, self.kwargs)

    def run(self, args: tuple[Any, ...] | None = None, kwargs: Mapping[str, Any] | None = None) -> list[Any]:
        """The leaves of what one call returns, on other inputs if some are given. Raises what the model raises."""
        args, kwargs = self.args if args is None else args, self.kwargs if kwargs is None else kwargs
        buffers = [(vars(module)["_buffers"], dict(vars(module)["_buffers"])) for module in self.model.modules()]
        try:
            with plain_run.values_kept(self.model, args, kwargs):
                leaves = leaves_of(self.model(*args, **kwargs))
                return [leaf.detach().clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        finally:
            for now, before in buffers:
                now.update(before)

    def runs(self, code: CodeType) -> bool:
        """Whether a call runs this function."""
        seen = False

        def profile(frame: FrameType, event: str, arg: object) -> None:
            nonlocal seen
            seen = seen or frame.f_code is code

        before = sys.getprofile()
        sys.setprofile(profile)
        try:
            self.differ(())
        finally:
            sys.setprofile(before)
        return seen

    def differ(
        self, first: Sequence[Any], args: tuple[Any, ...] | None = None, kwargs: Mapping[str, Any] | None = None
    ) -> bool:
        """Whether a call gives other results than `first`; one that raises tells nothing."""
        try:
            return not _equal(self.run(args, kwargs), first)
        except (Exception, SystemExit):
            return False


def _equal(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(_equal_leaves, one, other))


def _equal_leaves(one: Any, other: Any) -> bool:
    if not isinstance(one, torch.Tensor) or not isinstance(other, torch.Tensor):
        return one is other or (type(one) is type(other) and bool(one == other))
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if not one.is_floating_point():
        return torch.equal(one, other)
    return torch.allclose(one.double(), other.double(), rtol=1e-5, atol=1e-7, equal_nan=True)
