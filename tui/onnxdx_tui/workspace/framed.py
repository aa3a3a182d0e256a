"""A pane: a frame with a title, what is counted in its lower border, and a list inside."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

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

    def title(self, text: str, counted: str = "") -> None:
        """Set the texts of the border."""
        self.border_title = Content(text)
        self.border_subtitle = Content(counted)
