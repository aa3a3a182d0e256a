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
from onnxdx.eager.mode import exported_mode
from onnxdx.request import ExportRequest


@dataclass(frozen=True)
class Unknown:
    """An expression that could not be evaluated."""

    reason: str = ""


UNKNOWN = Unknown()
_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


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

    def with_names(self, names: Mapping[str, Any]) -> Sighting:
        """The same with more names."""
        return replace(self, names={**self.names, **names})

    def is_tensor(self, name: str) -> bool:
        """Whether a variable holds a tensor."""
        return isinstance(self.names.get(name), torch.Tensor)


def see(
    request: ExportRequest, path: str, first: int, last: int, bound: frozenset[str] = frozenset()
) -> Sighting | None:
    """Run the model as it is and stop looking at the first frame that comes to one of these lines of a file.

    `bound` are names of a comprehension or lambda on these lines: a frame that knows them is preferred.
    """
    looking = _Looking(path, first, last, bound)
    with exported_mode(request.model, request.options.training), looking:
        plain_run.run(request.model, request.args, request.kwargs)
    return looking.found


class _Looking(contextlib.AbstractContextManager["_Looking"]):
    """A trace of Python that takes down the first frame at some lines, on until one knows the `bound` names."""

    def __init__(self, path: str, first: int, last: int, bound: frozenset[str]) -> None:
        self.found: Sighting | None = None
        self._path, self._first, self._last, self._bound = path, first, last, bound
        self._ended = False

    def __enter__(self) -> _Looking:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._ended or frame.f_code.co_filename != self._path:
            return None
        # a comprehension of one item has no second line event, after its names are known
        frame.f_trace_opcodes = bool(self._bound)
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._ended or event not in ("line", "opcode") or not self._first <= frame.f_lineno <= self._last:
            return self._line
        self._ended = self._bound.issubset(frame.f_locals)
        if self._ended or self.found is None:
            names = {name: _copied(value) for name, value in _variables(frame).items()}
            self.found = Sighting(names, frame.f_globals)
        return self._line


def _variables(frame: FrameType) -> dict[str, Any]:
    """The variables of a frame, those of the function around it where it is that of a comprehension."""
    outer = frame.f_back
    if frame.f_code.co_name not in _COMPREHENSIONS or outer is None or outer.f_globals is not frame.f_globals:
        return dict(frame.f_locals)
    return {**_variables(outer), **frame.f_locals}


def _copied(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and not isinstance(value, torch.nn.Parameter):
        with torch.no_grad():
            return value.detach().clone()
    return value
