"""The wiring of a graph as lanes beside its rows, one node per row: which earlier rows feed which later ones.

A lane waits for one row: the next one that reads it. A node stands in the lane that waits for it, and leads to the
lanes of those that read it, on its own row:

    ●─┬─╮   feeds three rows: the next one and two further down
    ● │ │   feeds one, in its own lane
    ├─●─│─╮ joins the lane that its sister feeds, goes behind another lane, and begins one
    ●   │ │

`┼ ├ ┤` join a lane that is there, `╮ ╭ ┬` begin one; `─│─` passes behind one. An edge that would need a lane too many,
or comes from a row that feeds too many, is no lane but a tag on the row that reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

HUB = 8
WIDEST = 8

NODE = "\0"
"""Where the sign of the node goes."""


class LaneRow(NamedTuple):
    """The lanes of one row: `cells` are two characters for each lane but the last, with `NODE` for the node.

    `tags` are the rows that feed this one without a lane.
    """

    cells: str
    tags: tuple[int, ...] = ()


def drawn(row: LaneRow, sign: str) -> str:
    """The lanes of a row with the sign of its node."""
    return row.cells.replace(NODE, sign)


class Lanes(Sequence[LaneRow]):
    """Lanes of rows, drawn as far as somebody has looked. `readers[i]` are the rows after i that read row i.

    A row of None has no node of its own; lanes pass it by.
    """

    def __init__(self, readers: Sequence[Sequence[int] | None], hub: int = HUB, widest: int = WIDEST) -> None:
        self._count = len(readers)
        self._rows: list[LaneRow] = []
        self._drawing = _drawing(readers, hub, widest)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, row: int) -> LaneRow:  # type: ignore[override]
        """The lanes of one row; those before it are drawn first."""
        while len(self._rows) <= row:
            self._rows.append(next(self._drawing))
        return self._rows[row]


def _drawing(readers: Sequence[Sequence[int] | None], hub: int, widest: int) -> Iterator[LaneRow]:
    waiting: list[int | None] = []
    tags: dict[int, list[int]] = {}
    ended = -1
    for row, read_by in enumerate(readers):
        if read_by is None:
            yield LaneRow(_cells(waiting, -1, (), ()))
            ended = -1
            continue
        column = waiting.index(row) if row in waiting else _free(waiting, ended, widest)
        before = list(waiting)
        waiting[column] = None
        joined, begun, straight = [], [], False
        for reader in read_by:
            if len(read_by) > hub:
                tags.setdefault(reader, []).append(row)
            elif reader in waiting:
                joined.append(waiting.index(reader))
            elif not straight and waiting[column] is None:
                waiting[column], straight = reader, True
            elif (place := _place(waiting, before, column, ended, widest)) is not None:
                waiting[place] = reader
                begun.append(place)
            else:
                tags.setdefault(reader, []).append(row)
        # A lane that joined the straight one has no line of its own.
        joined = [place for place in joined if place != column]
        yield LaneRow(_cells(before, column, joined, begun), tuple(tags.pop(row, ())))
        ended = column if waiting[column] is None else -1
        while waiting and waiting[-1] is None and len(waiting) - 1 != ended:
            waiting.pop()


def _free(waiting: list[int | None], ended: int, widest: int) -> int:
    """A column for a node that nothing leads to. Where a lane has just ended, a node would seem to be led to."""
    for column, reader in enumerate(waiting):
        if reader is None and column != ended:
            return column
    waiting.append(None)
    return len(waiting) - 1


def _place(waiting: list[int | None], before: Sequence[int | None], column: int, ended: int, widest: int) -> int | None:
    """A column for a new lane: to the right of the node where it can be, else the leftmost; None when all are taken."""
    free = [
        place
        for place, reader in enumerate(waiting)
        if reader is None and place != column and place != ended and (place >= len(before) or before[place] is None)
    ]
    right = [place for place in free if place > column]
    if right or free:
        return (right or free)[0]
    if len(waiting) >= widest:
        return None
    waiting.append(None)
    if len(waiting) - 1 == column:
        waiting.append(None)
    return len(waiting) - 1


def _cells(before: Sequence[int | None], column: int, joined: Sequence[int], begun: Sequence[int]) -> str:
    ends = [column, *joined, *begun] if column >= 0 else []
    first, last = (min(ends), max(ends)) if ends else (0, -1)
    width = max(len(before), last + 1)
    cells: list[str] = []
    for place in range(width):
        lane = place < len(before) and before[place] is not None
        inside = first < place < last
        if place == column:
            cells.append(NODE)
        elif place in joined:
            cells.append("┼" if inside else "├" if place == first else "┤")
        elif place in begun:
            cells.append("┬" if inside else "╭" if place == first else "╮")
        elif lane:
            cells.append("│")
        else:
            cells.append("─" if inside else " ")
        cells.append("─" if first <= place < last else " ")
    return "".join(cells).rstrip()
