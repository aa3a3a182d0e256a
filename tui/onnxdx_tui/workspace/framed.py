"""A pane: a frame with a title, what is counted in its lower border, and a list inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from onnxdx_tui.workspace.line_list import LineList
from onnxdx_tui.workspace.state import Pane


class Framed(Vertical):
    """One pane of the workspace, with its list."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    Framed { border: round $secondary 60%; padding: 0 1; border-title-color: $foreground;
             border-subtitle-color: $foreground 80%; }
    Framed:focus-within { border: round $primary; border-title-style: bold; }
    """

    def __init__(self, pane: Pane, name: str) -> None:
        super().__init__(id=f"pane-{pane.name.lower()}", classes="pane")
        self.pane = pane
        self.list = LineList(id=f"list-{pane.name.lower()}")
        self.title(f"{pane.value} {name}")

    def compose(self) -> ComposeResult:
        yield self.list

    @dataclass
    class Named(Message):
        """A word of the title was clicked."""

        word: str

    def on_click(self, event: events.Click) -> None:
        """A click on the upper border."""
        if event.y or event.widget is not self:
            return
        at = event.x - 3
        words = [match for match in re.finditer(r"\w+", self._title) if match.start() <= at <= match.end()]
        if words:
            self.post_message(self.Named(words[0][0]))

    def title(self, text: str, counted: str = "") -> None:
        """Set the texts of the border."""
        self._title = text
        self.border_title = Content(text)
        self.border_subtitle = Content(counted)
