"""The user's code around a finding, with carets under the region, and the stack that led there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.finding import Frame, Location
from onnxdx_diagnostics.visible import visible
from onnxdx_tui.workspace.line import LONGEST, Line, Span, line, shown
from onnxdx_tui.workspace.opened import Opened

_MOST_HIGHLIGHTED = 5000
_AWAY = "The file is not on this machine; these are the lines as they were found."
_AWAY_WHOLLY = "The file is not on this machine, and its lines were not kept."


class SourceRows:
    """The rows of one place: the whole file where it is here, else the lines that the finding brings along.

    The first rows say which place this is; `focus` is the row of the place.
    """

    def __init__(self, opened: Opened, place: Location, stack: Sequence[Frame], frame: int | None) -> None:
        """`frame` is the position in the stack of the frame that the place is of; None is the finding's own place."""
        self.place = place
        file = opened.source_of(place)
        here = file is not None and place.line <= len(file)
        self.stale = here and opened.is_stale(place)
        self._lines = file if file is not None and here else tuple(place.snippet.split("\n"))
        self._first = 1 if here else place.line
        self._heads = [_head(place, opened, stack, frame)]
        if not here:
            self._heads.append(line(Span(_AWAY if place.snippet else _AWAY_WHOLLY, "dim")))
        elif self.stale:
            self._heads.append(line(Span("± The file has changed since: the line may be another one now.", "warning")))
        self._carets = {} if self.stale else dict(_carets(place, self._lines, self._first))
        self._rows = list(self._order())
        self.focus = self._rows.index(("code", place.line - self._first))

    def __len__(self) -> int:
        return len(self._rows)

    def _order(self) -> Iterator[tuple[str, int]]:
        yield from (("head", at) for at in range(len(self._heads)))
        for at in range(len(self._lines)):
            yield "code", at
            if at in self._carets:
                yield "caret", at

    def line(self, row: int, width: int) -> Line:
        """One row."""
        kind, at = self._rows[row]
        if kind == "head":
            return self._heads[at]
        digits = len(str(self._first + len(self._lines) - 1))
        if kind == "caret":
            start, end = self._carets[at]
            return line(Span(" " * digits + " │ ", "lane"), " " * start, Span("^" * (end - start), "caret"))
        number = self._first + at
        marked = self.place.line <= number <= self.place.end_line
        gutter = Span(f"{number:>{digits}} │ ", "caret" if marked else "lane")
        return line(gutter, *_highlighted(self._lines, at), key=number)


def _head(place: Location, opened: Opened, stack: Sequence[Frame], frame: int | None) -> Line:
    where = f"{shown(shown_path(place.path, opened.report.root))}:{place.line}:{place.column}"
    step = f"   frame {frame + 1} of {len(stack)}" if frame is not None else ""
    function = f"  in {shown(stack[frame].function)}" if frame is not None else ""
    walk = "   ( ) walk the stack" if stack else ""
    return line(Span(where, "accent"), function, Span(step + walk, "dim"))


def _carets(place: Location, lines: Sequence[str], first: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """The lines of the region with the cells that carets stand under."""
    for number in range(place.line, place.end_line + 1):
        at = number - first
        if not 0 <= at < len(lines):
            return
        text = lines[at].expandtabs(1)
        start = place.column - 1 if number == place.line else len(text) - len(text.lstrip())
        end = place.end_column - 1 if number == place.end_line and place.end_column else len(text.rstrip())
        if start < end <= len(text):
            yield at, (_cells(lines[at][:start]), _cells(lines[at][:end]))


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(_plain(text))


def _plain(text: str) -> str:
    """A line of code as it is shown."""
    return visible(text[:LONGEST].replace("\t", "    "))


_TOKENS = {
    "Keyword": "keyword",
    "Literal.String": "string",
    "Literal.Number": "number",
    "Comment": "comment",
    "Name.Function": "function",
    "Name.Class": "function",
    "Name.Decorator": "function",
    "Operator.Word": "keyword",
}


@lru_cache(maxsize=4)
def _styled(lines: tuple[str, ...]) -> list[list[tuple[str, str]]]:
    """The lines of a Python file in parts, each with its style."""
    from pygments.lexers.python import PythonLexer

    rows: list[list[tuple[str, str]]] = [[]]
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(lines)):
        kind = str(token).removeprefix("Token.")
        style = next((style for prefix, style in _TOKENS.items() if kind.startswith(prefix)), "")
        for number, part in enumerate(text.split("\n")):
            if number:
                rows.append([])
            if part:
                rows[-1].append((part, style))
    return rows


def _highlighted(lines: tuple[str, ...], at: int) -> list[Span]:
    """One line of code in its colours; very long files have none."""
    if len(lines) > _MOST_HIGHLIGHTED or max(map(len, lines), default=0) > LONGEST:
        return [Span(_plain(lines[at]))]
    rows = _styled(lines)
    if at >= len(rows) or "".join(text for text, _ in rows[at]) != lines[at]:
        return [Span(_plain(lines[at]))]
    return [Span(_plain(text), style) for text, style in rows[at]]
