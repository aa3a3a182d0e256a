"""A search in the main pane: what has a text is marked, and stepped through, out of its fold if it is in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        self._matches = Matches()
        self.text = ""
        self._rows: Rows | None = None

    def begin(self, text: str) -> None:
        """Mark what has this text, and go to the first of it from the cursor on; "" ends the search."""
        main = self._app.pane(Pane.MAIN).list
        rows, wanted = main.rows, Filter(text)
        # what is typed on finds nothing that was not found before
        typed_on = bool(self.text) and self._rows is rows and wanted.part.startswith(self.text)
        among = self._matches.order if typed_on else None
        self._matches = Matches(self._found(rows, wanted, among) if text else ())
        self.text, self._rows = text, rows
        main.found = self._matches.rows
        if isinstance(rows, DiffRows):
            main.found = frozenset(row for row, each in enumerate(rows.rows) if each.unit in self._matches.rows)
        main.forget()
        if text:
            found = len(self._matches.rows)
            self._app.say(f"{found} have it   n N next" if found else "nothing has it")
            self.step(0)

    def _found(self, rows: Rows, wanted: Filter, among: Sequence[int] | None) -> Iterable[int]:
        """The rows, or units of a diff, that have what is wanted; `among` are those that can have it."""
        if not isinstance(rows, DiffRows):
            width = self._app.main_width
            candidates = range(len(rows)) if among is None else among
            return (row for row in candidates if wanted.admits(rows.line(row, width).text))
        alignment = rows.alignment
        candidates = range(len(alignment.units)) if among is None else among
        if wanted.part:
            return alignment.having(wanted.part, candidates)
        return (unit for unit in candidates if wanted.admits(alignment.text_of(unit)))

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
