"""The one list of the app: what it shows costs the same for ten rows and for a million, because only the visible rows
are made.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from onnxdx_tui.workspace.line import Line, Span, line, shown
from onnxdx_tui.workspace.styles import Styles

_CACHED = 512


class Rows(Protocol):
    """What a list shows: how many rows there are, and each as a line of the width that there is."""

    def __len__(self) -> int: ...
    def line(self, row: int, width: int) -> Line:
        """One row; it is cut where it is wider."""


class Fixed:
    """Rows that are lines already."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def __len__(self) -> int:
        return len(self.lines)

    def line(self, row: int, width: int) -> Line:
        """One row."""
        return self.lines[row]


class LineList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor. `shift` is by how many cells the rows are moved to the left."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    LineList { height: 1fr; scrollbar-size: 1 1; }
    """

    cursor = reactive(0, repaint=False)
    shift = reactive(0)

    @dataclass
    class Moved(Message):
        """The cursor is on another row, by the hand of the user."""

        list: LineList
        row: int

    @dataclass
    class Chosen(Message):
        """A row was chosen: Enter, or a click on the row of the cursor."""

        list: LineList
        row: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Rows = Fixed(())
        self.found: frozenset[int] = frozenset()
        self._centred = False
        self._strips: OrderedDict[tuple[int, int, str], Strip] = OrderedDict()

    def show(self, rows: Rows, cursor: int = 0, *, centred: bool = False) -> None:
        """Show other rows, the cursor on one of them."""
        self.rows = rows
        self.shift = 0
        self.forget()
        self.virtual_size = Size(0, len(rows))
        last = max(len(rows) - 1, 0)
        self.set_reactive(LineList.cursor, min(max(cursor, 0), last))
        self._centred = centred
        self.reveal(centred=centred)
        self.refresh()

    def forget(self) -> None:
        """Draw all rows anew: they or their styles are others now."""
        self._strips.clear()
        self.refresh()

    @property
    def current(self) -> Line | None:
        """The line of the cursor."""
        return self._shown(self.cursor, self._width) if self.cursor < len(self.rows) else None

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.go(self.cursor + rows)

    def go(self, row: int, *, centred: bool = False) -> None:
        """Put the cursor on a row, and say so."""
        row = min(max(row, 0), max(len(self.rows) - 1, 0))
        self._centred = centred
        if row != self.cursor:
            self.cursor = row
            self.reveal(centred=centred)
            self.post_message(self.Moved(self, row))

    def page(self) -> int:
        """How many rows there are on the screen."""
        return max(self.scrollable_content_region.height, 1)

    def reveal(self, *, centred: bool = False) -> None:
        """Scroll so that the cursor is on the screen."""
        height, top = self.page(), round(self.scroll_offset.y)
        if centred:
            target = self.cursor - height // 2
        elif self.cursor < top:
            target = self.cursor
        elif self.cursor >= top + height:
            target = self.cursor - height + 1
        else:
            return
        self.scroll_to(y=max(target, 0), animate=False, immediate=True)

    def watch_cursor(self, before: int, now: int) -> None:
        """Draw the two rows that look otherwise now."""
        top = round(self.scroll_offset.y)
        for row in (before, now):
            self.refresh(Region(0, row - top, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        row = y + round(self.scroll_offset.y)
        width = self._width
        if row >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        mark = "" if row != self.cursor else "focused" if self.has_focus else "cursor"
        key = (row, width, mark)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._strip(row, width, mark)
            if len(self._strips) > _CACHED:
                self._strips.popitem(last=False)
        return strip

    def _strip(self, row: int, width: int, mark: str) -> Strip:
        styles = Styles.of(self.app)
        base = self.rich_style
        spans = self._shown(row, width).spans
        if row in self.found:
            spans = tuple(each._replace(style="found") if each.style != "lane" else each for each in spans)
        over = styles[mark] if mark else Style()
        strip = Strip([Segment(text, base + styles[style] + over) for text, style in spans])
        end = self.shift + width
        if strip.cell_length <= end:
            return strip.crop(self.shift, end).adjust_cell_length(width, base + over)
        more = Strip([Segment("…", base + styles["dim"] + over)])
        return Strip.join([strip.crop(self.shift, end - 1).adjust_cell_length(width - 1, base + over), more])

    def _shown(self, row: int, width: int) -> Line:
        """The line of a row; one that cannot be made says so, and costs no other."""
        try:
            return self.rows.line(row, width)
        except Exception as error:  # what fails in painting would end the app
            return line(Span(shown(f"✗ internal error: this row cannot be shown: {error!r}"), "error"))

    def watch_shift(self) -> None:
        """Draw what is on the screen anew."""
        self._strips.clear()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor on the screen."""
        self._strips.clear()
        self.reveal(centred=self._centred)

    def on_focus(self) -> None:
        """The cursor looks otherwise."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks otherwise."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row, a second one chooses it."""
        row = event.y + round(self.scroll_offset.y)
        if not 0 <= row < len(self.rows):
            return
        if row == self.cursor:
            self.post_message(self.Chosen(self, row))
        self.go(row)


def saying(*texts: str) -> Fixed:
    """Rows of a pane that has nothing to show, which say what to do instead."""
    return Fixed([line(text and f" {text}", key=None) if text else line(" ") for text in texts])
