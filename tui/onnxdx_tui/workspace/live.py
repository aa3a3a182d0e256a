"""A target that is exported while one looks: runs are started, followed, ended, and shown when they arrive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from onnxdx_diagnostics.comparison import compare
from onnxdx_diagnostics.report import Report, VerdictOutcome
from onnxdx_tui.exit_code import ExitCode
from onnxdx_tui.workspace import reading
from onnxdx_tui.workspace.drawing import draw_strip
from onnxdx_tui.workspace.finding_rows import has_proven_fix
from onnxdx_tui.workspace.opened import Opened
from onnxdx_tui.workspace.state import Phase, Run

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace
    from onnxdx_tui.workspace.runs import Following, LiveRun, Runs, Wanted

_LOOK = 0.125
_WATCH = 1.0
_MOST_WATCHED = 5000
_LONGEST_END = 6.0
_NOT_WATCHED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "build", "dist"})


class Live:
    """The runs of the app's target. `wanted` is what is run; without one, nothing ever is."""

    def __init__(self, app: Workspace, wanted: Wanted | None) -> None:
        self._app = app
        self._wanted = wanted
        self._runs: Runs | None = None
        self._run: LiveRun | None = None
        self._seen: Following | None = None
        self._arrived = 0
        """The latest run whose report has arrived."""

        self._before: Report | None = None
        self._again: bool | None = None
        """Whether another run is to follow this one, and whether it begins anew."""

        self._looking: Timer | None = None
        self._watching: Timer | None = None
        self._files: dict[str, int] = {}

    def start(self, *, anew: bool = False) -> None:
        """Run the target; a run that only tries fixes is ended first. `anew` does everything again."""
        app = self._app
        if self._wanted is None:
            return
        if self._runs is None:
            from onnxdx_tui.workspace.runs import Runs  # which is slow to import, and offline it is not needed

            self._runs = Runs(self._wanted)
        if self._run is not None:
            self._again = anew
            self._runs.cancel()
            return
        try:
            self._run = self._runs.start(anew=anew, shown=app.state.opened.path if app.state.opened else None)
        except OSError as error:
            app.update(run=Run(Phase.ENDED, said=f"no run can be kept: {error.strerror or error}", style="error"))
            return
        self._seen = None
        app.update(run=Run(Phase.STARTING, self._run.number, "start", started=self._run.started))
        if self._looking is None:
            self._looking = app.set_interval(_LOOK, self._look)

    def cancel(self) -> None:
        """Ask the run to end; what was shown before stays."""
        if self._run is not None and self._runs is not None:
            self._again = None
            self._runs.cancel()
            self._app.update(run=replace(self._app.state.run, phase=Phase.CANCELLING, asked=time.monotonic()))

    def close(self) -> None:
        """End what runs, for good: when this returns there is no worker."""
        if self._runs is not None:
            self._runs.close(_LONGEST_END)

    def _look(self) -> None:
        """See how far the run is."""
        run = self._run
        if run is None:
            return
        now = run.following
        seen = self._seen
        if now.arrived and now.report is not None and (seen is None or now.report is not seen.report):
            self._arrive(run, now.report)
        elif (
            not now.arrived
            and now.report is not None
            and self._before is None
            and (seen is None or now.found != seen.found)
        ):
            reading.show_partial(self._app, Opened(run.folder, now.report, now.report.root))
        self._seen = now
        if run.over:
            self._end(run)
            return
        state = self._app.state.run
        phase = state.phase
        if phase is not Phase.CANCELLING:
            phase = Phase.TRYING if now.arrived else Phase.RUNNING
        self._app.update(run=replace(state, phase=phase, step=now.step, done=now.done, place=now.place))
        draw_strip(self._app)

    def _arrive(self, run: LiveRun, report: Report) -> None:
        """The report of a run is there, or has more fixes than before."""
        if self._arrived != run.number:
            self._arrived = run.number
            reading.read(self._app, run.folder)
        elif not self._app.state.graphs_pending:
            reading.replace_report(self._app, report)

    def _end(self, run: LiveRun) -> None:
        self._run = None
        if self._looking is not None:
            self._looking.stop()
            self._looking = None
        seconds = time.monotonic() - run.started
        if run.ending is None:
            said, style = run.failure or "the run ended without a word", "error"
        else:
            said, style = self._told(run, run.ending.report, run.ending.code, seconds)
        self._app.say("")
        self._app.update(run=Run(Phase.ENDED, run.number, said=said, style=style))
        if self._again is not None:
            anew, self._again = self._again, None
            self.start(anew=anew)

    def _told(self, run: LiveRun, report: Report, code: ExitCode, seconds: float) -> tuple[str, str]:
        """What the strip says of a run that ended, and in which style. A run without a result replaces no other."""
        if code is ExitCode.INTERRUPTED:
            if self._before is None:
                reading.read(self._app, run.folder)
            return f"■ cancelled after {seconds:.1f} s   r runs again", "warning"
        before, self._before = self._before, report
        reading.read(self._app, run.folder)
        since = f"   {compare(before, report)}" if before is not None else ""
        dead = next((each for each in report.findings if each.id.startswith("DX8")), None)
        if dead is not None:
            return f"⚠ {dead.message()}   8 log   r runs again{since}", "error"
        if not report.exported:
            fixed = sum(map(has_proven_fix, report.findings))
            known = f"   {fixed} of {len(report.findings)} findings have a proven fix: a applies" if fixed else ""
            return f"✗ failed after {seconds:.1f} s{since}{known}", "error"
        match report.verdict.outcome:
            case VerdictOutcome.PROVEN:
                return f"✓ exported and proven in {seconds:.1f} s{since}", "good"
            case VerdictOutcome.DIFFERS:
                return f"≠ exported in {seconds:.1f} s, values differ: 7 Values{since}", "error"
            case VerdictOutcome.NOT_RUN:
                return f"≈ exported in {seconds:.1f} s, not verified{since}", "warning"

    def watch(self, wanted: bool) -> None:
        """Run again whenever a Python file of the project changes, or no longer."""
        if self._watching is not None:
            self._watching.stop()
            self._watching = None
        if wanted and self._wanted is not None:
            self._files = dict(_stamps(self._wanted.root))
            self._watching = self._app.set_interval(_WATCH, self._compare_files)
        self._app.update(watching=wanted)

    def _compare_files(self) -> None:
        assert self._wanted is not None
        if self._app.state.run.active and self._app.state.run.phase is not Phase.TRYING:
            return
        now = dict(_stamps(self._wanted.root))
        if now != self._files:
            self._files = now
            self.start()


def _stamps(root: Path) -> Iterator[tuple[str, int]]:
    """The Python files of a project and when each was changed."""
    folders, seen = [str(root)], 0
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _NOT_WATCHED:
                    folders.append(entry.path)
            elif entry.name.endswith(".py"):
                seen += 1
                if seen > _MOST_WATCHED:
                    return
                try:
                    yield entry.path, entry.stat().st_mtime_ns
                except OSError:
                    continue
