"""What a run leaves on disk when it is asked to: its events as they happen, its report when it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType

from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.report import Report

EVENTS = "events.ndjson"
REPORT = "run.json"
SARIF = "report.sarif"


class RunDirectory:
    """One run's folder. `listener` is the listener of the run; each event is on disk before it returns.

    A process that is killed leaves every event that had happened; `finish` adds the report, each file whole or absent.
    """

    def __init__(self, path: Path) -> None:
        """Make the folder when it is not there. Raises OSError."""
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._events = os.open(path / EVENTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)

    def listener(self, event: Event) -> None:
        """Append `event`: one line, one write, so that no reader ever sees half of it."""
        plain = {"kind": event.kind.value, "subject": event.subject, "time": event.time, "facts": dict(event.facts)}
        remaining = json.dumps(plain).encode("ascii") + b"\n"
        while remaining:
            remaining = remaining[os.write(self._events, remaining) :]

    def finish(self, report: Report) -> None:
        """Write `run.json` and `report.sarif`, and close. Raises OSError."""
        from onnxdx_diagnostics.sarif import write_sarif

        report.save(self.path / REPORT)
        write_sarif(report, self.path / SARIF)
        self.close()

    def close(self) -> None:
        """Take no further events. Closing twice is fine."""
        if self._events >= 0:
            os.close(self._events)
            self._events = -1

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_events(path: Path) -> tuple[Event, ...]:
    """The events in the run folder `path`, in order. A last line that the writer did not finish is left out.

    Raises OSError when there is no such file, ValueError when a whole line is no event of ours.
    """
    lines = (path / EVENTS).read_bytes().split(b"\n")[:-1]
    return tuple(_event(line) for line in lines)


def _event(line: bytes) -> Event:
    try:
        plain = json.loads(line)
        return Event(EventKind(plain["kind"]), str(plain["subject"]), float(plain["time"]), dict(plain["facts"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an event: {line[:80]!r}") from error
