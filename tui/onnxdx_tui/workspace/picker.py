"""A list to pick from that narrows down as one types: all keys, the palette, what to copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from onnxdx_tui.workspace.line import Line
from onnxdx_tui.workspace.line_list import Fixed, LineList, saying

Offered = Callable[[str], Sequence[Line]]


class Picker(ModalScreen[object]):
    """Offers lines for a text; gives the key of the one that was chosen, or None."""

    DEFAULT_CSS = """
    Picker { align: center middle; background: $background 60%; }
    Picker Vertical { width: 90%; max-width: 110; height: 80%; max-height: 34; border: round $primary; padding: 0 1;
                      background: $background; }
    Picker Input { border: none; height: 1; padding: 0; background: $background; }
    Picker Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)"),
        Binding("down,ctrl+n", "move(1)"),
        Binding("up,ctrl+p", "move(-1)"),
        Binding("pagedown", "page(1)"),
        Binding("pageup", "page(-1)"),
    ]

    def __init__(self, title: str, offered: Offered) -> None:
        super().__init__()
        self._title = title
        self._offered = offered

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = Content(self._title)
            frame.border_subtitle = Content("type to find   ↵ choose   esc close")
            yield Input(placeholder="find …", select_on_focus=False)
            yield LineList()

    def on_mount(self) -> None:
        """Offer all there is."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self._list.can_focus = False
        self._show("")

    @property
    def _list(self) -> LineList:
        return self.query_one(LineList)

    def _show(self, text: str) -> None:
        lines = self._offered(text)
        self._list.show(Fixed(lines) if lines else saying(f"nothing has “{text}” in it".replace("\x1b", "")))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow down."""
        event.stop()
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Choose the row of the cursor."""
        event.stop()
        self._choose()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """A second click chooses."""
        event.stop()
        self._choose()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """The app's lists are not meant."""
        event.stop()

    def _choose(self) -> None:
        current = self._list.current
        if current is not None and current.key is not None:
            self.dismiss(current.key)

    def action_move(self, rows: int) -> None:
        """Move the cursor of the list."""
        self._list.move(rows)

    def action_page(self, pages: int) -> None:
        """Move it by pages."""
        self._list.move(pages * self._list.page())
