"""What a run leaves on disk when it is asked to: its events as they happen; report, graphs and model when it ends."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.report import Report

EVENTS = "events.ndjson"
REPORT = "run.json"
SARIF = "report.sarif"
GRAPHS = "graphs.json"
MODEL = "model.onnx"


class RunDirectory:
    """One run's folder. `listener` is the listener of the run; each event is on disk before it returns.

    A process that is killed leaves every event that had happened; `finish` adds the rest, each file whole or absent.
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

    def finish(
        self, report: Report, graphs: Graphs | None = None, model: Callable[[Path], object] | None = None
    ) -> None:
        """Write `run.json`, `report.sarif`, `graphs.json` and, when the export has no errors, `model.onnx`; then close.

        `model` writes the model to the path that it is given, whole or not at all. What an earlier run left here of
        graphs and model goes. Raises OSError.
        """
        from onnxdx_diagnostics.sarif.log import write_sarif

        if (self.path / REPORT).exists():
            for name in (GRAPHS, MODEL, f"{MODEL}.data"):
                (self.path / name).unlink(missing_ok=True)
        report.save(self.path / REPORT)
        write_sarif(report, self.path / SARIF, graphs)
        if graphs is not None:
            graphs.save(self.path / GRAPHS)
        if model is not None and report.exported and not report.count(Level.ERROR):
            model(self.path / MODEL)
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
