"""What can be read of a run: from its folder, from its report, or from a SARIF log. Nothing in it is executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from onnxdx_diagnostics.codec import SCHEMA, ReportUnreadable, from_plain
from onnxdx_diagnostics.event_log import read_events
from onnxdx_diagnostics.events import Event
from onnxdx_diagnostics.finding import Level, Location
from onnxdx_diagnostics.graphs import Graphs, GraphsUnreadable, ProgramGraph
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import EVENTS, GRAPHS, REPORT, SARIF
from onnxdx_diagnostics.sarif import neighbours
from onnxdx_diagnostics.sarif.reader import from_sarif

PRINTED = "printed.txt"
"""What the user's code printed in a run, in its folder."""

_MOST_PRINTED = 2_000_000
_MOST_SOURCE = 4_000_000


class NoRun(ValueError):
    """There is no run at a path; the text says why, in one sentence."""


@dataclass(frozen=True)
class Opened:
    """A run that is read. `graphs` are None where it left none; `notices` say what could not be read, and why.

    `path` is the folder or file, `root` the folder that paths are relative to, where it exists here.
    """

    path: Path
    report: Report
    root: str = ""
    graphs: Graphs | None = None
    events: tuple[Event, ...] = ()
    notices: tuple[str, ...] = ()
    around: tuple[ProgramGraph | None, ...] = ()
    """Of a SARIF log, which has no graphs: the nodes around each finding, where it shows them."""

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """The level of each rule that found something."""
        return {finding.id: finding.level for finding in self.report.findings}

    @cached_property
    def printed(self) -> tuple[str, ...]:
        """The lines that the user's code printed; of very many the last ones."""
        try:
            with (self.path / PRINTED).open("rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(max(0, size - _MOST_PRINTED))
                return tuple(stream.read().decode("utf-8", "replace").splitlines())
        except OSError:
            return ()

    def file_of(self, path: str) -> Path | None:
        """The file that a path of the report names, where it is on this machine."""
        if not path:
            return None
        try:
            found = Path(path) if Path(path).is_absolute() else Path(self.root or ".") / path
            return found if found.is_file() else None
        except (OSError, ValueError):
            return None

    def source_of(self, place: Location) -> tuple[str, ...] | None:
        """The lines of the file that a place is in, if the file still has the lines that the place was found on."""
        file = self.file_of(place.path)
        if file is None:
            return None
        try:
            if file.stat().st_size > _MOST_SOURCE:
                return None
            text = file.read_bytes().decode("utf-8", "replace")
        except OSError:
            return None
        return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    def is_stale(self, place: Location) -> bool:
        """Whether the file is here and no longer has the code of the place."""
        lines = self.source_of(place)
        if lines is None or not place.snippet:
            return False
        return "\n".join(lines[place.line - 1 : place.end_line]) != place.snippet


def open_run(path: Path) -> Opened:
    """Read the run at `path`: a run folder, its report, or a SARIF log of ours; no graphs yet. Raises NoRun."""
    if path.is_dir():
        return _open_folder(path)
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise NoRun(f"{path} cannot be read: {error}") from error
    try:
        if isinstance(plain, dict) and "runs" in plain:
            return _with_neighbours(_opened(path, from_sarif(plain)), plain)
        report = from_plain(plain)
    except ReportUnreadable as error:
        raise NoRun(_unreadable(path, plain, error)) from error
    return _open_folder(path.parent.absolute()) if path.name == REPORT else _opened(path, report)


def with_graphs(opened: Opened) -> Opened:
    """The run with its graphs, which take longer to read than all the rest."""
    file = opened.path / GRAPHS
    if not opened.path.is_dir() or not file.exists():
        return opened
    try:
        return replace(opened, graphs=Graphs.load(file))
    except GraphsUnreadable as error:
        return replace(opened, notices=(*opened.notices, str(error)))


def near(path: Path) -> str:
    """A path as it is from here, when it lies below."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def is_run(path: Path) -> bool:
    """Whether a path looks like a run: a folder with what a run leaves, a report, or a SARIF log."""
    if path.is_dir():
        return any((path / name).is_file() for name in (REPORT, EVENTS, SARIF))
    return path.is_file() and path.suffix in (".json", ".sarif")


def _with_neighbours(opened: Opened, log: dict[str, Any]) -> Opened:
    try:
        return replace(opened, around=neighbours.from_sarif(log))
    except ReportUnreadable as error:
        return replace(opened, notices=(*opened.notices, str(error)))


def _open_folder(path: Path) -> Opened:
    notices: list[str] = []
    events: tuple[Event, ...] = ()
    try:
        events = read_events(path / EVENTS)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        notices.append(f"{EVENTS}: {error}")
    return replace(_opened(path, _report_of(path, events)), events=events, notices=tuple(notices))


def _report_of(path: Path, events: tuple[Event, ...]) -> Report:
    """The report of a run folder; of a run that was killed, the story that its events tell."""
    file = path / REPORT
    if file.exists():
        plain = None
        try:
            plain = json.loads(file.read_text(encoding="utf-8"))
            return from_plain(plain)
        except (OSError, ValueError, RecursionError) as error:
            raise NoRun(_unreadable(file, plain, error)) from error
    if (path / SARIF).exists():
        return open_run(path / SARIF).report
    if not events:
        raise NoRun(f"{path} holds no run: there is no {REPORT}, no {SARIF} and no {EVENTS}")
    from onnxdx_tui.chronicle import Chronicle

    chronicle = Chronicle(next((event.subject for event in events if event.kind.value == "run-started"), ""), path)
    for event in events:
        chronicle(event)
    return chronicle.report(f"the run ended during `{chronicle.doing}`")


def _unreadable(path: Path, plain: object, error: Exception) -> str:
    schema = plain.get("schema") if isinstance(plain, dict) else None
    if isinstance(schema, str) and schema.startswith("onnxdx/") and schema != SCHEMA:
        return f"{path} is of schema {schema}; this onnxdx reads {SCHEMA}. A newer onnxdx opens it"
    return f"{path} is no report of onnxdx: {error}"


def _opened(path: Path, report: Report) -> Opened:
    """A run with the folder that its paths are relative to: the one it names, else one above it where they exist."""
    places = [finding.site.location.path for finding in report.findings if finding.site.location]
    absolute = path.absolute()
    above = [absolute, *absolute.parents] if absolute.is_dir() else list(absolute.parents)
    candidates = [Path(report.root)] if report.root else []
    for folder in (*candidates, Path.cwd(), *above):
        if any((folder / place).is_file() for place in places):
            return Opened(path, report, str(folder))
    return Opened(path, report, report.root)
