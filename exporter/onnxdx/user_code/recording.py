"""Stacks as they are while torch captures: every frame of the user's code, to the column, at little cost per node."""

from __future__ import annotations

import linecache
import sys
import textwrap
from dataclasses import dataclass, field
from types import CodeType, FrameType

from onnxdx.user_code.known_values import KnownValues
from onnxdx.user_code.stacks import Spot, is_noise, spot_of


@dataclass
class StackRecorder:
    """Reads the live Python stack, from the frame it is called in out to the frame of one of `boundaries`.

    Frames of torch, onnxdx and the interpreter are left out, the `forward` of torch's own modules is kept. `modules`
    maps the id of a module object to its path. `stacks` remembers the frames of every text that `text()` gave, `known`
    the values at every point that `spots()` saw.
    """

    boundaries: frozenset[CodeType]
    modules: dict[int, str] = field(default_factory=dict)
    stacks: dict[str, tuple[Spot, ...]] = field(default_factory=dict)
    known: KnownValues = field(default_factory=KnownValues)
    # by identity: code that stands in two files is equal
    _seen: dict[int, tuple[CodeType, bool]] = field(default_factory=dict, repr=False)
    _frames: dict[tuple[int, int], tuple[Spot, str]] = field(default_factory=dict, repr=False)

    @property
    def codes(self) -> list[CodeType]:
        """The functions that were on a stack, without those of torch, onnxdx and the interpreter."""
        return [code for code, kept in self._seen.values() if kept]

    def text(self) -> str:
        """The stack as Python would print it; "" when no frame of interest is on it."""
        frames = [self._frame(code, at, line) for code, at, line in self._walk()]
        text = "".join(shown for _, shown in frames).strip()
        self.stacks.setdefault(text, tuple(spot for spot, _ in frames))
        return text

    def spots(self) -> tuple[Spot, ...]:
        """The frames of the stack, outermost first. What their lines read is kept in `known`."""
        found: list[Spot] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code not in self.boundaries:
            if self._keeps(frame.f_code):
                spot, _ = self._frame(frame.f_code, frame.f_lasti, frame.f_lineno)
                self.known.keep(spot, frame)
                found.append(spot)
            frame = frame.f_back
        return tuple(reversed(found))

    def module(self) -> str:
        """The path of the innermost module whose method is on the stack."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code not in self.boundaries:
            if self._keeps(frame.f_code):
                path = self.modules.get(id(frame.f_locals.get("self")))
                if path is not None:
                    return path
            frame = frame.f_back
        return ""

    def _walk(self) -> list[tuple[CodeType, int, int]]:
        found: list[tuple[CodeType, int, int]] = []
        frame: FrameType | None = sys._getframe(2)
        boundaries = self.boundaries
        while frame is not None:
            code = frame.f_code
            if code in boundaries:
                break
            if self._keeps(code):
                found.append((code, frame.f_lasti, frame.f_lineno))
            frame = frame.f_back
        found.reverse()
        return found

    def _keeps(self, code: CodeType) -> bool:
        seen = self._seen.get(id(code))
        if seen is None:
            seen = self._seen[id(code)] = (code, not is_noise(Spot(code.co_filename, 0, code.co_name)))
        return seen[1]

    def _frame(self, code: CodeType, at: int, line: int) -> tuple[Spot, str]:
        known = self._frames.get((id(code), at))
        if known is None:
            spot = spot_of(code, at, line)
            known = self._frames[id(code), at] = (spot, _shown(spot))
        return known


def _shown(spot: Spot) -> str:
    """One frame as the traceback module prints it, with carets where the columns are known."""
    head = f'  File "{spot.path}", line {spot.line}, in {spot.function}\n'
    source = linecache.getline(spot.path, spot.line).rstrip()
    if not source.strip():
        return head
    shown = textwrap.dedent(source)
    indent = len(source) - len(shown)
    head += f"    {shown}\n"
    if not spot.column or spot.end_line != spot.line:
        return head
    return head + " " * (4 + spot.column - 1 - indent) + "^" * (spot.end_column - spot.column) + "\n"
