"""One line to type in: a filter or a search, heard with every key."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static


class Prompt(Horizontal):
    """Asks for a text above the footer. `heard` is told it as it grows, `ended` whether it was meant or given up.

    A letter is painted before it is heard, and of letters that come faster than they are heard only the last counts.
    """

    DEFAULT_CSS = """
    Prompt { height: 1; }
    Prompt Static { width: auto; }
    Prompt Input { width: 1fr; border: none; height: 1; padding: 0; background: $background; }
    Prompt Input:focus { border: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heard: Callable[[str], None] = lambda text: None
        self._ended: Callable[[bool], None] = lambda meant: None
        self._unheard: str | None = None

    def compose(self) -> ComposeResult:
        yield Static(" / ", markup=False)
        yield Input(select_on_focus=False)

    def ask(self, lead: str, text: str, heard: Callable[[str], None], ended: Callable[[bool], None]) -> None:
        """Begin with a text that is already there."""
        self._heard, self._ended, self._unheard = heard, ended, None
        self.query_one(Static).update(f" {lead} ")
        self.display = True
        field = self.query_one(Input)
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        field.cursor_blink = False
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Each key is heard, once it is on the screen."""
        event.stop()
        if self.display:
            if self._unheard is None:
                self.call_after_refresh(self._hear)
            self._unheard = event.value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter means it."""
        event.stop()
        self._end(True)

    def on_key(self, event: events.Key) -> None:
        """Escape gives it up."""
        if event.key == "escape":
            event.stop()
            self._end(False)

    @property
    def settled(self) -> bool:
        """Whether everything that was typed has been heard."""
        return self._unheard is None

    def _hear(self) -> None:
        text, self._unheard = self._unheard, None
        if text is not None:
            self._heard(text)

    def _end(self, meant: bool) -> None:
        if self.display:
            self._hear()
            self.display = False
            self._ended(meant)
