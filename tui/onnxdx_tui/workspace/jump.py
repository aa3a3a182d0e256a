"""A label on everything that a key leads to: the panes and the tabs, each with its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from onnxdx_tui.workspace.commands import COMMANDS
from onnxdx_tui.workspace.state import Pane, Tab

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace


class Jump(ModalScreen[str]):
    """Shows the labels; gives the id of the command whose key was pressed, or ""."""

    DEFAULT_CSS = """
    Jump { background: $background 40%; }
    Jump Static { width: auto; height: 1; position: absolute; background: $accent; color: $background; }
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace

    def compose(self) -> ComposeResult:
        for command_id, x, y in self._places():
            command = COMMANDS[command_id]
            label = Static(f" {command.keys[0]} {command.title} ", markup=False)
            label.styles.offset = (x, y)
            yield label

    def _places(self) -> list[tuple[str, int, int]]:
        """The command, column and row of each label: the panes that can be seen, and the tabs below each other."""
        places = []
        for pane in Pane:
            framed = self._workspace.pane(pane)
            name = {"1": "findings", "2": "fixes", "3": "modules", "0": "main"}[pane.value]
            if framed.display and framed.region.height:
                places.append((name, framed.region.x + 2, framed.region.y + framed.region.height // 2))
        main = self._workspace.pane(Pane.MAIN).region
        if main.height:
            places += [(tab.value.lower(), main.x + 4, main.y + 1 + row) for row, tab in enumerate(Tab)]
        return places

    def on_key(self, event: events.Key) -> None:
        """A key that is on a label leads there; every other closes."""
        event.stop()
        keys = {COMMANDS[command_id].keys[0]: command_id for command_id, _, _ in self._places()}
        self.dismiss(keys.get(event.character or "", ""))

    def on_click(self) -> None:
        """A click closes."""
        self.dismiss("")
