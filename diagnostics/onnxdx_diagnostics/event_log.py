"""The events of a run as a file: one line per event, on disk before the writer goes on, read while they come."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from onnxdx_diagnostics.codec import plain_finding, read_finding
from onnxdx_diagnostics.events import Event, EventKind

# The log is written beside the user's code, which may replace what modules offer: these are taken before it runs.
_encode = json.JSONEncoder(separators=(",", ":")).encode
_open, _write, _close = os.open, os.write, os.close


class EventLog:
    """A listener that appends each event to the file `path`, findings in full.

    The file is opened for each event, because the user's code may close descriptors that are not its own. Events
    of a copy of the process (`os.fork`) are not taken.
    """

    def __init__(self, path: Path) -> None:
        """Begin after what is in the file; a last line that its writer did not finish goes. Raises OSError."""
        self.path = path
        self._name = os.path.abspath(path)
        self._process = os.getpid()
        _close(_open(self._name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666))
        written = path.read_bytes()
        if not written.endswith(b"\n"):
            os.truncate(path, written.rfind(b"\n") + 1)

    def __call__(self, event: Event) -> None:
        """Append `event`: one line, one write, so that no reader ever sees half of it. Raises OSError."""
        if os.getpid() != self._process:
            return
        plain = {"kind": event.kind.value, "subject": event.subject, "time": event.time, "facts": dict(event.facts)}
        if event.finding is not None:
            plain["finding"] = plain_finding(event.finding, root="")
        append_line(self._name, _encode(plain).encode("ascii"))


def append_line(name: str, line: bytes) -> None:
    """Append a line to the file `name`, in one write. Raises OSError."""
    remaining = line + b"\n"
    descriptor = _open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        while remaining:
            remaining = remaining[_write(descriptor, remaining) :]
    finally:
        _close(descriptor)


class LineTail:
    """Reads the lines that are appended to a file from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0

    def __iter__(self) -> Iterator[bytes]:
        """The whole lines that are new since the last call. Raises OSError."""
        try:
            if os.stat(self._path).st_size <= self._offset:
                return
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                whole, newline, _ = stream.read().rpartition(b"\n")
        except FileNotFoundError:
            return
        self._offset += len(whole) + len(newline)
        yield from whole.splitlines()


class EventTail:
    """Reads what is appended to an event log from now on."""

    def __init__(self, path: Path) -> None:
        self._lines = LineTail(path)

    def __iter__(self) -> Iterator[Event]:
        """The events that are new since the last call. Raises OSError, and ValueError for what is no event."""
        yield from map(_event, self._lines)


def read_events(path: Path) -> tuple[Event, ...]:
    """The events in the log `path`, in order. A last line that the writer did not finish is left out.

    Raises OSError when there is no such file, ValueError when a whole line is no event of ours.
    """
    return tuple(map(_event, path.read_bytes().split(b"\n")[:-1]))


def _event(line: bytes) -> Event:
    try:
        plain = json.loads(line)
        finding = read_finding(plain["finding"]) if "finding" in plain else None
        facts = dict(plain["facts"])
        return Event(EventKind(plain["kind"]), str(plain["subject"]), float(plain["time"]), facts, finding)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not an event: {line[:80]!r}") from error
