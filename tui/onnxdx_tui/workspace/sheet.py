"""Something to read, with at most a few keys to answer it: a rule, a fix, a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from onnxdx_tui.workspace.line import Line
from onnxdx_tui.workspace.line_list import Fixed, LineList


class Sheet(ModalScreen[str]):
    """Shows lines made for its width. `answers` are keys with what they say; the key that was pressed is given back,
    or "" when the sheet was closed.
    """

    DEFAULT_CSS = """
    Sheet { align: center middle; background: $background 60%; }
    Sheet Vertical { width: 90%; max-width: 110; height: auto; max-height: 90%; border: round $primary; padding: 0 1;
                     background: $background; }
    Sheet LineList { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close"),
        Binding("down,j", "move(1)"),
        Binding("up,k", "move(-1)"),
        Binding("pagedown,space", "page(1)"),
        Binding("pageup", "page(-1)"),
    ]

    def __init__(
        self, title: str, lines: Callable[[int], Sequence[Line]], answers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._answers = answers or {}

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = Content(self._title)
            said = [f"{'↵' if key == 'enter' else key} {text}" for key, text in self._answers.items()]
            frame.border_subtitle = Content("   ".join([*said, "esc close"]))
            yield LineList()

    def on_mount(self) -> None:
        """Show the lines."""
        self.query_one(LineList).focus()
        self._draw()

    def on_resize(self) -> None:
        """Lines are made for the width."""
        self._draw()

    def _draw(self) -> None:
        listed = self.query_one(LineList)
        lines = self._lines(max(min(self.app.size.width * 9 // 10, 110) - 5, 20))
        listed.styles.height = min(len(lines), max(self.app.size.height * 9 // 10 - 2, 3))
        listed.show(Fixed(lines), listed.cursor)

    def on_key(self, event: events.Key) -> None:
        """One of the answers."""
        key = event.character if event.character in self._answers else event.key
        if key in self._answers:
            event.stop()
            self.dismiss(key)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """The app's lists are not meant."""
        event.stop()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """A click is no answer."""
        event.stop()

    def action_close(self) -> None:
        """Close without an answer."""
        self.dismiss("")

    def action_move(self, rows: int) -> None:
        """Move by rows."""
        self.query_one(LineList).move(rows)

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        listed = self.query_one(LineList)
        listed.move(pages * listed.page())
