"""The app: one state, the widgets that show it, and the commands that change it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.graphs import Stage
from onnxdx_tui.workspace import drawing, reading
from onnxdx_tui.workspace.alignment import Alignment
from onnxdx_tui.workspace.bars import Bar
from onnxdx_tui.workspace.commands import COMMANDS
from onnxdx_tui.workspace.framed import Framed
from onnxdx_tui.workspace.handlers import HANDLERS
from onnxdx_tui.workspace.line import Line, line, wrapped
from onnxdx_tui.workspace.line_list import LineList
from onnxdx_tui.workspace.live import Live
from onnxdx_tui.workspace.module_rows import Branch, opened_for
from onnxdx_tui.workspace.prompt import Prompt
from onnxdx_tui.workspace.remembered import Remembered, recalled, remember
from onnxdx_tui.workspace.searching import Search
from onnxdx_tui.workspace.sheet import Sheet
from onnxdx_tui.workspace.state import Pane, Phase, State, Tab
from onnxdx_tui.workspace.styles import PLAIN_THEME

if TYPE_CHECKING:
    from onnxdx_diagnostics.changes import Prepared
    from onnxdx_tui.workspace.runs import Wanted

LEAST = (60, 15)
_SETTLE = 0.08
"""So long after the last step of the cursor the main pane follows it."""

_SAID = 4.0


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
        # with the terminal's own colours textual takes all colours away, else it makes greys of them
        super().__init__(ansi_color=True if plain else None)
        self.state = State(read_only=read_only, target=wanted.target if wanted else "")
        self.path = path
        self.recalled = Remembered()
        self.root = root or (wanted.root if wanted else Path.cwd())
        self.live = Live(self, wanted)
        self.done: list[tuple[Prepared, str]] = []
        self.undone: list[tuple[Prepared, str]] = []
        self.alignments: dict[Stage, Alignment | None] = {}
        self.module_tree = Branch("")
        self.cursors: dict[Tab, int] = {}
        self.said = ("", "")
        self._begun = self._ending = False
        self.search = Search(self)
        if wanted is not None:
            self.recalled = recalled(self.root, wanted.target)
            self.state = self.recalled.restored(self.state)
        self._wanted_theme = PLAIN_THEME if plain else theme or self.recalled.theme
        self._plain = plain
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
        self.theme = self._wanted_theme or self.theme
        main = self.pane(Pane.MAIN)
        main.mount(Bar(id="card"), before=main.list)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.pane(Pane.FINDINGS).list.focus()
        self._begun = True
        if not self.is_headless:
            self._heed_signals()
        self._draw_all()
        if self.path is not None:
            reading.read(self, self.path)
        if self.state.target:
            self.live.start()

    def _heed_signals(self) -> None:
        """End in good order, the terminal as it was, when the system asks for it or the terminal goes away."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError):
                    loop.add_signal_handler(getattr(signal, name), self.end)

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
        if before.run == self.state.run:  # it is looked at eight times a second
            changed.discard("run")
        if "finding" in changed or "opened" in changed:
            self.cursors.clear()
        if before.opened is None and before.run.active is not self.state.run.active:
            changed.add("opened")  # what is said in its place is something else now
        for draw, fields in drawing.DEPENDS:
            if changed & fields:
                self._guarded(draw)
        if changed & drawing.MAIN:
            self._guarded(drawing.draw_main)
        if changed & {"pane", "zoomed"}:
            self._show_panes()

    def _guarded(self, act: Callable[[Workspace], None]) -> None:
        """A fault of ours is told in the strip; it ends neither the app nor what is drawn besides."""
        try:
            act(self)
        except Exception as error:
            self.log(error)
            self.say(f"internal error: {type(error).__name__}: {error}", "error")

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
        busy = self._settling is not None or not all(worker.is_finished for worker in self.workers)
        return self._begun and not busy and self.query_one("#prompt", Prompt).settled

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
        self._guarded(HANDLERS[command_id])

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

    def on_framed_named(self, event: Framed.Named) -> None:
        """A tab was clicked."""
        tab = next((tab for tab in Tab if tab.value == event.word), None)
        if tab is not None:
            self.action_do(tab.value.lower())

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
        question = "A run is under way. It is ended, and what it has found by now is kept."

        def answered(key: str | None) -> None:
            if key:
                self.end()

        def lines(width: int) -> list[Line]:
            return [line(part) for part in wrapped(question, width)]

        self.push_screen(Sheet("Quit?", lines, {"enter": "end it and quit"}), answered)

    def end(self) -> None:
        """End what runs, then the app."""
        if self._ending:
            return
        self._ending = True
        self._remember()
        self.say("ending the run …" if self.state.run.active else "")
        self._end_run()

    def _remember(self) -> None:
        """Keep how the target was looked at, for the next time."""
        state = self.state
        if not state.target:
            return
        finding = ""
        if state.opened is not None and state.finding is not None:
            finding = identities(state.opened.report.findings)[state.finding]
        what = Remembered(
            "" if self._plain else self.theme,
            state.grouping.value,
            state.tab.value,
            state.program.value,
            state.folding.context,
            finding,
        )
        try:
            remember(self.root, state.target, what)
        except OSError as error:
            self.say(f"how you looked at it is not kept: {error.strerror or error}", "warning")

    @work(thread=True, group="end", exit_on_error=False)
    def _end_run(self) -> None:
        self.live.close()
        self.call_from_thread(self.exit, 0)

    # The screen

    def _draw_all(self) -> None:
        self._show_panes()
        for draw, _ in drawing.DEPENDS:
            self._guarded(draw)
        self._guarded(drawing.draw_main)

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
