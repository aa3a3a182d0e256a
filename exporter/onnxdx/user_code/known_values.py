"""What is known, while torch captures, of the values that a line of the user's code reads: "x: f32[batch, 4]"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

import torch

from onnxdx.compat.capturing import outside_of_capture
from onnxdx.compat.symbolic_sizes import env_of_value, symbols_of
from onnxdx.dynamic_shapes import AskedDim
from onnxdx.user_code.provenance import described
from onnxdx.user_code.stacks import Spot, spot_of
from onnxdx_diagnostics import source
from onnxdx_diagnostics.ownership import is_machinery

_MOST = 6
"""So many values of one line are told."""

# Subclasses may say anything of themselves.
_NUMBERS = (bool, int, float)

Known = tuple[tuple[str, str], ...]
"""Names, as the line has them, and what is known of their values."""


@dataclass
class KnownValues:
    """Reads tensors and numbers off live frames, each point of a program once: the first time that something is asked.

    `at` holds what is known at each spot; sizes in it have torch's names. `env` is where those come from.
    """

    at: dict[Spot, Known] = field(default_factory=dict)
    env: Any = None

    def keep(self, spot: Spot, frame: FrameType) -> None:
        """Keep what is known at a spot of a frame that is running, or that an exception has ended."""
        if spot in self.at or is_machinery(spot.path):
            return
        variables = frame.f_locals
        with outside_of_capture():
            found = [_found(chain, variables) for chain in source.reads(spot.path, spot.line, spot.end_line)]
            self.at[spot] = tuple(dict.fromkeys(self._told(found)))[:_MOST]

    def keep_traceback(self, trace: TracebackType | None) -> None:
        """Keep what is known in every frame that an exception went through."""
        while trace is not None:
            spot = spot_of(trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno)
            self.keep(spot, trace.tb_frame)
            trace = trace.tb_next

    def _told(self, found: Iterable[tuple[str, object]]) -> Iterator[tuple[str, str]]:
        for name, value in found:
            self.env = self.env or env_of_value(value)
            text = repr(value) if type(value) in _NUMBERS else described(value)
            if text:
                yield name, text


class SizeNames(Mapping[str, str]):
    """The user's names of torch's symbols ("s77" -> "batch") in a capture that is under way, or has failed."""

    def __init__(self, known: KnownValues, dims: Callable[[], Iterable[AskedDim]]) -> None:
        self._known = known
        self._dims = dims

    def _names(self) -> dict[str, str]:
        if self._known.env is None:
            return {}
        symbols = symbols_of(self._known.env)
        return {symbols[dim.source]: dim.shown for dim in self._dims() if dim.source in symbols and not dim.root}

    def __getitem__(self, symbol: str) -> str:
        return self._names()[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


def _found(chain: tuple[str, ...], variables: Mapping[str, object]) -> tuple[str, object]:
    """The value of `self.bias` or of `words` in `words.shape`: attributes are followed as far as to a tensor or number.

    Only what is stored counts: a property would run the user's code.
    """
    value = variables.get(chain[0])
    for depth, name in enumerate(chain[1:], 1):
        if type(value) in _NUMBERS or isinstance(value, (torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool)):
            return ".".join(chain[:depth]), value
        value = _stored(value, name)
    return ".".join(chain), value


def _stored(owner: object, name: str) -> object:
    try:
        own = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return None
    for place in (own, own.get("_parameters"), own.get("_buffers"), own.get("_modules")):
        if isinstance(place, dict) and name in place:
            return place[name]
    return None
