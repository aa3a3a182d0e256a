"""Stacks as Python and torch give them, in code objects, tracebacks and texts: their frames, to the column."""

from __future__ import annotations

import functools
import linecache
import os
import re
import traceback
from collections.abc import Iterator
from types import CodeType, TracebackType
from typing import NamedTuple

import torch

from onnxdx_diagnostics import ownership, source
from onnxdx_diagnostics.finding import Location

_FRAME = re.compile(r'^\s*File "(?P<path>.+)", line (?P<line>\d+)(?:, in (?P<function>.*))?$')
_CARETS = re.compile(r"^\s*[~^]+(?:\s*[~^]+)*\s*$")
_STACK_IN_TEXT = re.compile(r"^(?:from user code:|User Stack \(most recent call last\):|User stack:)", re.MULTILINE)


class Spot(NamedTuple):
    """One frame of a stack as torch or Python gave it. Columns are 1-based; 0 means unknown."""

    path: str
    line: int
    function: str
    column: int = 0
    end_line: int = 0
    end_column: int = 0


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error, its causes and the errors it arose from, each once."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    for link in queue:
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        queue += [link.__cause__, link.__context__]


def location_of(spot: Spot, hint: str = "") -> Location:
    """The region of the source that a frame stands in; without columns, the one that `hint` names on its line."""
    if not spot.column or spot.end_line - spot.line >= source.LONGEST_REGION:
        return source.region(spot.path, spot.line, hint)
    text = source.lines_of(spot.path, spot.line, spot.end_line)
    return Location(spot.path, spot.line, spot.column, spot.end_line, spot.end_column, text)


def parse_stack(text: str) -> Iterator[Spot]:
    """The frames of a stack that was formatted as text, outermost first; carets below a line become columns."""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        frame = _FRAME.match(line)
        if frame is None:
            continue
        path, number, function = frame["path"], int(frame["line"]), frame["function"] or ""
        below = lines[index + 1 : index + 3]
        if len(below) < 2 or _FRAME.match(below[0]) or not _CARETS.match(below[1]):
            yield Spot(path, number, function)
            continue
        shown, carets = below
        original = linecache.getline(path, number)
        shift = _indent(original) - _indent(shown)
        yield Spot(path, number, function, _indent(carets) + shift + 1, number, len(carets.rstrip()) + shift + 1)


def spot_of(code: CodeType, instruction: int, line: int) -> Spot:
    """The frame that stands at byte `instruction` of `code`; exact columns since Python 3.11."""
    positions = _positions(code)
    found = positions[instruction // 2] if 0 <= instruction // 2 < len(positions) else None
    if found is None:
        return Spot(code.co_filename, line, code.co_name)
    first, last, start, end = found
    column = _column(code.co_filename, first, start)
    return Spot(code.co_filename, first, code.co_name, column, last, _column(code.co_filename, last, end))


def is_noise(spot: Spot) -> bool:
    """Whether a frame says nothing to the user: machinery, but for the `forward` of torch's own modules."""
    in_module = spot.function == "forward" and os.path.realpath(spot.path).startswith(_TORCH_MODULES)
    return not in_module and ownership.is_machinery(spot.path)


@functools.lru_cache(maxsize=1024)
def _positions(code: CodeType) -> tuple[tuple[int, int, int, int] | None, ...]:
    """For each instruction of `code` its first and last line and its first and last byte column, where known."""
    read = getattr(code, "co_positions", None)
    return tuple(None if None in each else each for each in read()) if read else ()


def _column(path: str, line: int, offset: int) -> int:
    """The 1-based column in code points of a UTF-8 byte offset."""
    return len(linecache.getline(path, line).encode()[:offset].decode(errors="replace")) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def stacks_of(error: BaseException) -> Iterator[tuple[Spot, ...]]:
    """The stacks that an error carries, by whatever means: torch's own summaries, its traceback, its text."""
    for name in ("real_stack", "user_stack"):
        summary = getattr(error, name, None)
        if isinstance(summary, traceback.StackSummary):
            yield tuple(_spot_of_summary(frame) for frame in summary)
    yield tuple(_spots_of_traceback(error.__traceback__))
    text = str(error)
    start = _STACK_IN_TEXT.search(text)
    if start:
        yield tuple(parse_stack(text[start.end() :]))


def _spot_of_summary(frame: traceback.FrameSummary) -> Spot:
    line = frame.lineno or 1
    start, end = getattr(frame, "colno", None), getattr(frame, "end_colno", None)
    if start is None or end is None:
        return Spot(frame.filename, line, frame.name)
    last = getattr(frame, "end_lineno", None) or line
    column, end_column = _column(frame.filename, line, start), _column(frame.filename, last, end)
    return Spot(frame.filename, line, frame.name, column, last, end_column)


def _spots_of_traceback(trace: TracebackType | None) -> Iterator[Spot]:
    while trace is not None:
        yield spot_of(trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno)
        trace = trace.tb_next


_TORCH_MODULES = os.path.join(os.path.dirname(os.path.realpath(torch.__file__)), "nn", "modules") + os.sep
