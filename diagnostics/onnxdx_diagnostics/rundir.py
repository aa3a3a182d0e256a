"""What a run leaves on disk when it is asked to: its events as they happen; report, graphs and model when it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from onnxdx_diagnostics import event_log
from onnxdx_diagnostics.event_log import EventLog
from onnxdx_diagnostics.events import Event
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
        self.listener = EventLog(path / EVENTS)

    def finish(
        self, report: Report, graphs: Graphs | None = None, model: Callable[[Path], object] | None = None
    ) -> None:
        """Write `run.json`, `report.sarif`, `graphs.json` and, when the export has no errors, `model.onnx`.

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


def read_events(path: Path) -> tuple[Event, ...]:
    """The events in the run folder `path`, in order. A last line that the writer did not finish is left out.

    Raises OSError when there is no such file, ValueError when a whole line is no event of ours.
    """
    return event_log.read_events(path / EVENTS)
