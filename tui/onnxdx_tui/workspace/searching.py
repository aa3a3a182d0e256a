"""A search in the main pane: what has a text is marked, and stepped through, out of its fold if it is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnxdx_tui.workspace.browsing import reveal_unit
from onnxdx_tui.workspace.diff_rows import DiffRows
from onnxdx_tui.workspace.line_list import Rows
from onnxdx_tui.workspace.search import Filter, Matches
from onnxdx_tui.workspace.state import Pane

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace


class Search:
    """The search of the main pane: of rows; in the diff of all units, folded ones too."""

    def __init__(self, app: Workspace) -> None:
        self._app = app
        self._matches = Matches(str, (), Filter())
        self.text = ""
        self._rows: Rows | None = None

    def begin(self, text: str) -> None:
        """Mark what has this text, and go to the first of it from the cursor on; "" ends the search."""
        main = self._app.pane(Pane.MAIN).list
        rows, wanted = main.rows, Filter(text)
        width = self._app.main_width

        def text_of(row: int) -> str:
            return rows.alignment.text_of(row) if isinstance(rows, DiffRows) else rows.line(row, width).text

        # what is typed on finds nothing that was not found before
        typed_on = self._rows is rows and self.text and text.startswith(self.text) and text[0] not in "!~"
        count = len(rows.alignment.units) if isinstance(rows, DiffRows) else len(rows)
        self._matches = self._matches.narrowed(text_of, wanted) if typed_on else Matches(text_of, range(count), wanted)
        self.text, self._rows = text, rows
        main.found = self._matches.rows
        if isinstance(rows, DiffRows):
            main.found = frozenset(row for row, each in enumerate(rows.rows) if each.unit in self._matches.rows)
        main.forget()
        if text:
            found = len(self._matches.rows)
            self._app.say(f"{found} have it   n N next" if found else "nothing has it")
            self.step(0)

    def step(self, step: int) -> bool:
        """Go to the next match (1), the one before (-1), or the one at the cursor (0); whether there is any."""
        main = self._app.pane(Pane.MAIN).list
        rows = main.rows
        if not isinstance(rows, DiffRows):
            at = self._matches.nearest(main.cursor, step)
            if at is not None:
                main.go(at, centred=True)
        elif rows.rows:
            unit = self._matches.nearest(rows.rows[main.cursor].unit, step)
            if unit is not None and step:
                reveal_unit(self._app, unit)
            elif unit is not None:
                main.go(rows.row_of(unit), centred=True)
        return bool(self._matches.rows)
