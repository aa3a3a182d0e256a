"""Lines of a pane as plain values: texts with the names of their styles. Text of a model is made visible here, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.visible import visible


class Span(NamedTuple):
    """A text in one style; the styles are those of `styles.py`."""

    text: str
    style: str = ""


class Line(NamedTuple):
    """One line. `key` is what it stands for: a finding, a node, a module."""

    spans: tuple[Span, ...]
    key: object = None

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(span.text for span in self.spans)


Lines = Sequence[Line]
Said = str | Span

LONGEST = 2000
"""Of a text with more characters, this many are shown."""

SIGNS = {Level.ERROR: ("✗ ERR", "error"), Level.WARNING: ("! WRN", "warning"), Level.NOTE: ("· INF", "note")}
"""Level as sign, word and style: none of the three is needed to read it."""


def shown(text: str) -> str:
    """A text of a model, a file or an exception on one line, unable to act on the terminal."""
    return visible(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def line(*said: Said, key: object = None) -> Line:
    """A line of these parts; a bare text has no style."""
    return Line(tuple(Span(each) if isinstance(each, str) else each for each in said if each), key)


def fitted(text: str, width: int) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    if width < 1:
        return ""
    cut = chop_cells(text, width - 1)[0] if width > 1 else ""
    return cut + "…" + " " * (width - 1 - cell_len(cut))


def wrapped(text: str, width: int, most: int = 0) -> list[str]:
    """`text` as lines of at most `width` cells, broken at spaces where there are some; `most` 0 is no limit."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        for part in chop_cells(word, max(width, 1)) or [""]:
            joined = f"{current} {part}" if current else part
            if current and cell_len(joined) > width:
                lines.append(current)
                current = part
            else:
                current = joined
    lines.append(current)
    if most and len(lines) > most:
        lines = [*lines[: most - 1], fitted(f"{lines[most - 1]} …", width).rstrip()]
    return lines


def fitted_spans(spans: Iterable[Span], width: int) -> tuple[Span, ...]:
    """Spans in exactly `width` cells."""
    kept: list[Span] = []
    room = width
    for span in spans:
        length = cell_len(span.text)
        if length > room:
            kept.append(Span(fitted(span.text, room), span.style))
            room = 0
            break
        kept.append(span)
        room -= length
    if room:
        kept.append(Span(" " * room))
    return tuple(kept)
