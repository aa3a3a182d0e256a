"""The single lines of the app: what is run, how the run is, and the keys that matter now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from onnxdx_tui.workspace.line import Line, Span
from onnxdx_tui.workspace.styles import Styles


class Bar(Widget):
    """Lines of spans, as many as it is high. Where a line is too long, spans go from its end, but for the last one."""

    DEFAULT_CSS = "Bar { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()

    def show(self, lines: Iterable[Line]) -> None:
        """Show these lines."""
        lines = tuple(lines)
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, base)
        styles = Styles.of(self.app)
        strip = Strip([Segment(span.text, base + styles[span.style]) for span in self._lines[y].spans])
        return strip.adjust_cell_length(width, base)


def kept(groups: Sequence[tuple[Span, ...]], last: tuple[Span, ...], width: int) -> Line:
    """Groups of spans on one line of this width: those that fit, from the left, and the last one always."""
    room = width - _length(last)
    spans: list[Span] = []
    for group in groups:
        room -= _length(group)
        if room < 0:
            break
        spans += group
    return Line((*spans, *last))


def _length(spans: Iterable[Span]) -> int:
    return sum(cell_len(span.text) for span in spans)


def both_ends(left: Sequence[Span], right: Sequence[Span], width: int) -> Line:
    """Spans at the left and at the right end of a line; where there is no room for both, the left ones are cut."""
    from onnxdx_tui.workspace.line import fitted_spans

    return Line((*fitted_spans(left, max(width - _length(right), 0)), *right))
