"""The stack of a process that cannot speak for itself any more: what `faulthandler` of Python wrote of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Frame, Location, Site
from onnxdx_diagnostics.ownership import is_machinery, is_user

_THREAD = re.compile(
    r"^(?P<whose>Current thread|Thread|Stack)(?: 0x[0-9a-fA-F]+.*)? \(most recent call first\):", re.MULTILINE
)
_FRAME = re.compile(r'^  File "(?P<path>.*)", line (?P<line>\d+) in (?P<function>.*)$', re.MULTILINE)
_ESCAPED = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


class _Called(NamedTuple):
    path: str
    line: int
    function: str


def site_of_dump(text: str, root: str) -> Site | None:
    """The site of the last stack in a dump: the innermost line of the user's code in the current thread, or in
    another one when that runs none of it. None when no thread does.
    """
    for stack in _stacks(text):
        users = [called for called in stack if is_user(called.path, root)]
        if users:
            return _site(users[-1], stack, root)
    return None


def _stacks(text: str) -> Iterator[list[_Called]]:
    """The stacks of the threads, outermost frame first: the current thread, then the main thread and the others."""
    heads = list(_THREAD.finditer(text))
    ends = [*(head.start() for head in heads), len(text)][1:]
    current = [(head, end) for head, end in zip(heads, ends, strict=True) if head["whose"] != "Thread"][-1:]
    others = [(head, end) for head, end in zip(heads, ends, strict=True) if head["whose"] == "Thread"]
    for head, end in (*current, *reversed(others)):
        frames = list(_FRAME.finditer(text, head.end(), end))
        yield [_Called(_path(frame["path"]), int(frame["line"]), frame["function"]) for frame in reversed(frames)]


def _path(shown: str) -> str:
    """A path as it was before it was written in ASCII."""
    if os.path.exists(shown):
        return shown
    return _ESCAPED.sub(lambda match: chr(int(match[0][2:], 16)), shown)


def _site(innermost: _Called, stack: list[_Called], root: str) -> Site:
    frames = [
        Frame(
            Location(called.path, called.line, snippet=source.lines_of(called.path, called.line)), called.function, own
        )
        for called in stack
        for own in [is_user(called.path, root)]
        if own or not is_machinery(called.path)
    ]
    return Site(source.region(innermost.path, innermost.line), tuple(frames))
