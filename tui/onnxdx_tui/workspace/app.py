"""The app: one state, the widgets that show it, and the commands that change it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from onnxdx_diagnostics.changes import Prepared
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.graphs import Stage
from onnxdx_diagnostics.report import Report
from onnxdx_tui.workspace import drawing
from onnxdx_tui.workspace.alignment import Alignment, aligned
from onnxdx_tui.workspace.bars import Bar
from onnxdx_tui.workspace.commands import COMMANDS
from onnxdx_tui.workspace.finding_rows import finding_lines
from onnxdx_tui.workspace.framed import Framed
from onnxdx_tui.workspace.handlers import HANDLERS
from onnxdx_tui.workspace.line import line
from onnxdx_tui.workspace.line_list import LineList
from onnxdx_tui.workspace.live import Live
from onnxdx_tui.workspace.module_rows import Branch, opened_for, tree_of
from onnxdx_tui.workspace.opened import NoRun, Opened, open_run, with_graphs
from onnxdx_tui.workspace.prompt import Prompt
from onnxdx_tui.workspace.runs import Wanted
from onnxdx_tui.workspace.search import Filter, Matches
from onnxdx_tui.workspace.sheet import Sheet
from onnxdx_tui.workspace.state import Pane, Phase, State, Tab
from onnxdx_tui.workspace.styles import PLAIN_THEME

LEAST = (60, 15)
_SETTLE = 0.08
"""So long after the last step of the cursor the main pane follows it."""

_SAID = 4.0


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Very many objects are made that stay: looking for garbage among them would cost as much as making them."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class Workspace(App[int]):
    """One run, or a target whose runs follow each other."""

    CSS_PATH = "workspace.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (140, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join("comma" if key == "," else key for key in command.keys), f"do('{command.id}')", id=command.id)
        for command in COMMANDS.values()
    ]

    def __init__(
        self,
        path: Path | None = None,
        *,
        wanted: Wanted | None = None,
        root: Path | None = None,
        read_only: bool = False,
        theme: str = "",
        plain: bool = False,
    ) -> None:
        """`path` is a run to show, `wanted` a target to export; `root` the project whose files fixes may change."""
        super().__init__()
        self.state = State(read_only=read_only, target=wanted.target if wanted else "")
        self.path = path
        self.root = root or (wanted.root if wanted else Path.cwd())
        self.live = Live(self, wanted)
        self.done: list[tuple[Prepared, str]] = []
        self.undone: list[tuple[Prepared, str]] = []
        self.alignments: dict[Stage, Alignment | None] = {}
        self.module_tree = Branch("")
        self.cursors: dict[Tab, int] = {}
        self.said = ("", "")
        self._begun = self._ending = False
        self.search = Filter()
        self._matches = Matches((), self.search, 80)
        self._plain = plain
        self._wanted_theme = theme
        self._settling: Timer | None = None
        self._answered: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Bar(id="top")
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Framed(Pane.FINDINGS, "Findings")
                yield Framed(Pane.FIXES, "Fixes")
                yield Framed(Pane.MODULES, "Modules")
            yield Framed(Pane.MAIN, "Diff")
        yield Bar(id="strip")
        yield Prompt(id="prompt")
        yield Bar(id="footer")
        yield Static(id="small")

    def on_mount(self) -> None:
        """Show the empty workspace, then read the run."""
        self.theme = PLAIN_THEME if self._plain else self._wanted_theme or self.theme
        main = self.pane(Pane.MAIN)
        main.mount(Bar(id="card"), before=main.list)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.pane(Pane.FINDINGS).list.focus()
        self._begun = True
        self._draw_all()
        if self.path is not None:
            self.open(self.path)
        if self.state.target:
            self.live.start()

    # What others look at

    def pane(self, pane: Pane) -> Framed:
        """The widget of a pane."""
        return self.query_one(f"#pane-{pane.name.lower()}", Framed)

    @property
    def main_width(self) -> int:
        """How wide the rows of the main pane are, scroll bar apart."""
        left = 0 if self.state.narrow or self.state.zoomed else 48 if self.size.width >= 140 else 41
        return max(self.size.width - left - 5, 20)

    @property
    def at_work(self) -> LineList:
        """The list of the pane that is at work."""
        return self.pane(self.state.pane).list

    # Changing the state

    def update(self, **changes: Any) -> None:
        """Change the state, and draw what depends on it."""
        before = self.state
        self.state = before.with_(**changes)
        changed = {name for name in changes if getattr(before, name) is not getattr(self.state, name)}
        if "finding" in changed or "opened" in changed:
            self.cursors.clear()
        for draw, fields in drawing.DEPENDS:
            if changed & fields:
                draw(self)
        if changed & drawing.MAIN:
            drawing.draw_main(self)
        if changed & {"pane", "zoomed"}:
            self._show_panes()

    def select(self, finding: int | None, *, settle: bool = False) -> None:
        """Select a finding; with `settle` the main pane follows when the cursor has come to rest."""
        if finding == self.state.finding:
            return
        module = ""
        if self.state.opened is not None and finding is not None:
            module = self.state.opened.report.findings[finding].site.module
        change = partial(
            self.update,
            finding=finding,
            way=0,
            node=None,
            frame=None,
            open_modules=self.state.open_modules | opened_for(module),
        )
        if self._settling is not None:
            self._settling.stop()
        if settle:
            self._settling = self.set_timer(_SETTLE, partial(self._follow, change))
        else:
            self._follow(change)

    def _follow(self, change: Callable[[], None]) -> None:
        self._settling = None
        change()

    @property
    def settled(self) -> bool:
        """Whether everything is on the screen that follows from what was done."""
        return self._begun and self._settling is None and all(worker.is_finished for worker in self.workers)

    def go_to(self, pane: Pane) -> None:
        """Work in a pane."""
        self.update(pane=pane)
        self.pane(pane).list.focus()

    def say(self, text: str, style: str = "") -> None:
        """Answer the last key in the strip, for a while."""
        self.said = (text, style)
        if self._answered is not None:
            self._answered.stop()
        self._answered = self.set_timer(_SAID, self._unsay) if text else None
        drawing.draw_strip(self)

    def _unsay(self) -> None:
        self.say("")

    def action_do(self, command_id: str) -> None:
        """Do a command, or say why not."""
        command = COMMANDS[command_id]
        if reason := command.refusal(self.state):
            self.say(f"{command.title}: {reason}", "warning")
            return
        if self.said[0]:
            self.say("")
        HANDLERS[command_id](self)

    def search_for(self, text: str) -> None:
        """Mark the rows of the main pane with this text, and go to the first one from the cursor on."""
        self.search = Filter(text)
        main = self.pane(Pane.MAIN).list
        self._matches = Matches(main.rows, self.search, main.scrollable_content_region.width)
        main.found = self._matches.rows
        main.forget()
        if not text:
            return
        at = self._matches.nearest(main.cursor, 0)
        if at is not None:
            main.go(at, centred=True)
        self.say(f"{len(main.found)} rows have it   n N next" if main.found else "no row has it")

    def step_search(self, step: int) -> bool:
        """Go to the next match; whether there is one at all."""
        main = self.pane(Pane.MAIN).list
        at = self._matches.nearest(main.cursor, step)
        if at is not None:
            main.go(at, centred=True)
        return bool(self._matches.rows)

    # Reading a run

    def open(self, path: Path) -> None:
        """Read a run and show it."""
        self.update(loading=f"Reading {path} …", graphs_pending=True)
        self._read(path)

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def _read(self, path: Path) -> None:
        try:
            opened = open_run(path)
        except NoRun as error:
            self.call_from_thread(self.update, problem=str(error), opened=None, graphs_pending=False)
            return
        self.call_from_thread(self.show_run, opened)
        alignments = {}
        with _without_collection():
            complete = with_graphs(opened)
            tree = tree_of(complete.graphs, complete.report)
            if complete.graphs is not None:
                alignments[self.state.program] = aligned(complete.graphs, self.state.program, complete.levels)
        self.call_from_thread(self._show_graphs, complete, tree, alignments)

    def show_run(self, opened: Opened) -> None:
        """Show the report of a run, while its graphs are still being read; the finding stays if it is there again."""
        self.module_tree = tree_of(None, opened.report)
        self.alignments = {}
        first = self._same_finding(opened.report)
        module = opened.report.findings[first].site.module if first is not None else ""
        self.update(
            opened=opened,
            problem="",
            loading="",
            finding=first,
            way=0,
            node=None,
            frame=None,
            open_modules=opened_for(module),
            graphs_pending=True,
        )

    def _same_finding(self, report: Report) -> int | None:
        """The finding that is selected now as it is in another report; else the first one of its rows."""
        if self.state.opened is not None and self.state.finding is not None:
            before = identities(self.state.opened.report.findings)
            after = identities(report.findings)
            if before[self.state.finding] in after:
                return after.index(before[self.state.finding])
        lines = finding_lines(report, self.state.grouping, self.state.filter(Pane.FINDINGS))
        return next((each.key for each in lines if isinstance(each.key, int)), None)

    def show_partial(self, opened: Opened) -> None:
        """Show what a run has found by now."""
        self.show_run(opened)
        self.update(graphs_pending=False)

    def replace_report(self, report: Report) -> None:
        """The run that is shown has another report by now: fixes have come."""
        if self.state.opened is not None:
            self.update(opened=replace(self.state.opened, report=report), finding=self._same_finding(report))

    def _show_graphs(self, opened: Opened, tree: Branch, alignments: dict[Stage, Alignment | None]) -> None:
        self.module_tree = tree
        self.alignments = alignments
        self.update(opened=opened, graphs_pending=False)

    def compare(self, stage: Stage) -> None:
        """Have the program of a stage compared with ONNX, if that is not done yet."""
        if stage not in self.alignments and self.state.opened is not None:
            self._compare(self.state.opened, stage)

    @work(thread=True, exclusive=True, group="compare", exit_on_error=False)
    def _compare(self, opened: Opened, stage: Stage) -> None:
        if opened.graphs is not None:
            alignment = aligned(opened.graphs, stage, opened.levels)
            self.call_from_thread(self._show_alignment, opened, stage, alignment)

    def _show_alignment(self, opened: Opened, stage: Stage, alignment: Alignment | None) -> None:
        if opened is self.state.opened:
            self.alignments[stage] = alignment
            drawing.draw_card(self)
            drawing.draw_main(self)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What goes wrong in a thread is said, and the app goes on."""
        if event.state is WorkerState.ERROR:
            self.say(f"internal error: {event.worker.error!r}", "error")

    # What the user's hand does in lists

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Other panes follow the cursor."""
        current = event.list.current
        key = current.key if current is not None else None
        if event.list is self.pane(Pane.FINDINGS).list:
            if isinstance(key, int):
                self.select(key, settle=True)
        elif event.list is self.pane(Pane.FIXES).list:
            if isinstance(key, int):
                self.update(way=key)
        elif event.list is self.pane(Pane.MAIN).list:
            self.cursors[self.state.tab] = event.row

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """A second click opens."""
        self.action_do("open")

    def on_descendant_focus(self) -> None:
        """The pane at work is the one that has the focus."""
        focused = self.focused
        framed = focused.parent if isinstance(focused, LineList) else None
        if isinstance(framed, Framed) and framed.pane is not self.state.pane:
            self.update(pane=framed.pane)

    def edited(self) -> None:
        """A file has changed: what is shown of it is looked at again."""
        drawing.draw_main(self, keep=True)

    def leave(self) -> None:
        """End the app, after a question when something runs."""
        if not self.state.run.active or self.state.run.phase is Phase.TRYING:
            self.end()
            return
        question = [line("A run is under way. It is ended, and what it has found by now is kept.")]

        def answered(key: str | None) -> None:
            if key:
                self.end()

        self.push_screen(Sheet("Quit?", lambda width: question, {"enter": "end it and quit"}), answered)

    def end(self) -> None:
        """End what runs, then the app."""
        if self._ending:
            return
        self._ending = True
        self.say("ending the run …" if self.state.run.active else "")
        self._end_run()

    @work(thread=True, group="end", exit_on_error=False)
    def _end_run(self) -> None:
        self.live.close()
        self.call_from_thread(self.exit, 0)

    # The screen

    def _draw_all(self) -> None:
        self._show_panes()
        for draw, _ in drawing.DEPENDS:
            draw(self)
        drawing.draw_main(self)

    def _show_panes(self) -> None:
        alone = self.state.narrow or self.state.zoomed
        for pane in Pane:
            self.pane(pane).display = not alone or pane is self.state.pane
        left = self.query_one("#left")
        left.display = not alone or self.state.pane is not Pane.MAIN
        left.set_class(alone, "-alone")

    def on_resize(self) -> None:
        """Lay out anew, or say that there is too little room."""
        small = self.query_one("#small", Static)
        width, height = self.size
        too_small = width < LEAST[0] or height < LEAST[1]
        small.update(f"have {width}x{height}, need {LEAST[0]}x{LEAST[1]}")
        self.screen.set_class(too_small, "-too-small")
        self.state = self.state.with_(narrow=width < 100)
        if self._begun:
            self.call_after_refresh(self._draw_all)

    def watch_theme(self, theme: str) -> None:
        """All rows are in other colours."""
        for each in self.query(LineList):
            each.forget()
        for bar in self.query(Bar):
            bar.refresh()
