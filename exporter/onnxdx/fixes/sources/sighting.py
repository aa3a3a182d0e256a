"""What the variables at a line hold while the model runs on its sample inputs, and what expressions give there."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

import torch

from onnxdx.eager import plain_run
from onnxdx.request import ExportRequest


@dataclass(frozen=True)
class Unknown:
    """An expression that could not be evaluated."""

    reason: str = ""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Sighting:
    """The variables of the first frame that reached the line, tensors with the values that they had."""

    names: Mapping[str, Any]
    globals: Mapping[str, Any]

    def value(self, code: str) -> Any:
        """What an expression gives there; `Unknown` when it raises. The model stays as it is, but for Python state."""
        scope = {**self.globals, **{name: _copied(value) for name, value in self.names.items()}}
        random = torch.get_rng_state()
        try:
            with torch.no_grad():
                return eval(compile(code.strip(), "<fix>", "eval"), scope)
        except Exception as error:
            return Unknown(f"{type(error).__name__}: {error}")
        finally:
            torch.set_rng_state(random)

    def with_tensors(self, names: Sequence[str]) -> Sighting:
        """The same, where some numbers are tensors."""
        tensors = {
            name: torch.tensor(value)
            for name, value in self.names.items()
            if name in names and isinstance(value, (bool, int, float))
        }
        return replace(self, names={**self.names, **tensors})

    def is_tensor(self, name: str) -> bool:
        """Whether a variable holds a tensor."""
        return isinstance(self.names.get(name), torch.Tensor)


def see(request: ExportRequest, path: str, first: int, last: int) -> Sighting | None:
    """Run the model as it is and stop looking at the first frame that comes to one of these lines of a file."""
    looking = _Looking(path, first, last)
    modes = [(module, module.training) for module in request.model.modules()]
    try:
        if not request.options.training:
            request.model.eval()
        with looking:
            plain_run.run(request.model, request.args, request.kwargs)
    finally:
        for module, mode in modes:
            module.training = mode
    return looking.found


class _Looking(contextlib.AbstractContextManager["_Looking"]):
    """A trace of Python that takes down the first frame at some lines."""

    def __init__(self, path: str, first: int, last: int) -> None:
        self.found: Sighting | None = None
        self._path, self._first, self._last = path, first, last

    def __enter__(self) -> _Looking:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if self.found is None and frame.f_code.co_filename == self._path else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self.found is None and event == "line" and self._first <= frame.f_lineno <= self._last:
            names = {name: _copied(value) for name, value in frame.f_locals.items()}
            self.found = Sighting(names, frame.f_globals)
        return self._line


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
        with torch.no_grad():
            return value.detach().clone()
    return value
