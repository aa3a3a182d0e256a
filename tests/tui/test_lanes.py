"""Lanes lose nothing: the edges can be read off the drawing again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onnxdx_tui.workspace.lanes import HUB, NODE, LaneRow, Lanes, drawn

Readers = list[list[int] | None]


@st.composite
def graphs(draw: st.DrawFn) -> Readers:
    count = draw(st.integers(1, 24))
    readers: Readers = []
    for row in range(count):
        if draw(st.integers(0, 9)) == 0:
            readers.append(None)
            continue
        later = st.sets(st.integers(row + 1, count - 1), max_size=11) if row + 1 < count else st.just(set())
        readers.append(sorted(draw(later)))
    real = {row for row, each in enumerate(readers) if each is not None}
    return [None if each is None else [reader for reader in each if reader in real] for each in readers]


def edges_drawn(rows: list[LaneRow]) -> set[tuple[int, int]]:
    """The edges that somebody sees who has only the drawing: lanes carry what fed them down to the next node."""
    lanes: dict[int, set[int]] = {}
    edges = set()
    for number, row in enumerate(rows):
        edges |= {(source, number) for source in row.tags}
        if NODE not in row.cells:
            continue
        column = row.cells.index(NODE) // 2
        edges |= {(source, number) for source in lanes.pop(column, set())}
        for place, sign in enumerate(row.cells[::2]):
            if place != column and sign in "┼├┤":
                lanes[place] |= {number}
            elif place != column and sign in "┬╭╮":
                assert place not in lanes, "a lane begins where one is"
                lanes[place] = {number}
        below = rows[number + 1].cells[::2] if number + 1 < len(rows) else ""
        if column < len(below) and below[column] in f"{NODE}│┼├┤":
            lanes[column] = {number}
    return edges


@given(graphs())
def test_every_edge_is_drawn_and_no_other(readers: Readers) -> None:
    lanes = Lanes(readers)

    seen = edges_drawn([lanes[row] for row in range(len(readers))])

    assert seen == {(row, reader) for row, each in enumerate(readers) if each for reader in each}


@given(graphs())
def test_every_node_stands_on_its_own_row(readers: Readers) -> None:
    lanes = Lanes(readers)

    signs = [lanes[row].cells.count(NODE) for row in range(len(readers))]

    assert signs == [0 if each is None else 1 for each in readers]


def test_a_chain_is_one_straight_lane() -> None:
    lanes = Lanes([[1], [2], []])

    assert [drawn(lanes[row], "●") for row in range(3)] == ["●", "●", "●"]


def test_a_diamond_opens_and_closes() -> None:
    lanes = Lanes([[1, 2], [3], [3], []])

    assert [drawn(lanes[row], "●") for row in range(4)] == ["●─╮", "● │", "├─●", "●"]


def test_what_feeds_very_many_is_a_tag_on_each() -> None:
    count = HUB + 2
    lanes = Lanes([list(range(1, count)), *([] for _ in range(count - 1))])

    rows = [lanes[row] for row in range(count)]

    assert {drawn(row, "●") for row in rows} <= {"●", "  ●"}
    assert [row.tags for row in rows[1:]] == [(0,)] * (count - 1)
