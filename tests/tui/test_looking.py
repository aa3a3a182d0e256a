"""What somebody does to find things: search, filter, click, walk, come back another day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxdx_tui.workspace.app import Workspace
from onnxdx_tui.workspace.remembered import Remembered, recalled, remember
from onnxdx_tui.workspace.search import Filter, in_order
from onnxdx_tui.workspace.state import Tab

Screen = Callable[..., str]


def test_a_search_finds_what_is_folded(failing: Path, screen: Screen) -> None:
    text = screen(Workspace(failing), "0", "/", *"linear_3", "enter", "n")

    assert "linear_3  f32" in text
    assert "1 have it" in text or "linear_2" in text


def test_escape_goes_back_and_never_quits(failing: Path, screen: Screen) -> None:
    text = screen(Workspace(failing), "enter", "escape", "escape", "escape")

    assert "1 Findings" in text


def test_a_click_on_a_tab_opens_it(failing: Path) -> None:
    app = Workspace(failing)

    async def clicked() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            while not app.settled:
                await asyncio.sleep(0.01)
            title = app.pane(app.state.pane.MAIN)
            offset = " 0 [Diff] · Graph".index("Graph") + 2
            await pilot.click(title, offset=(offset, 0))
            while not app.settled:
                await asyncio.sleep(0.01)

    asyncio.run(clicked())

    assert app.state.tab is Tab.GRAPH


def test_stepping_through_findings_works_from_any_pane(failing: Path, screen: Screen) -> None:
    text = screen(Workspace(failing), "0", "]")

    assert "DX203 decomposition-dead-end" in text


def test_how_a_target_was_looked_at_is_kept_where_there_is_a_place_for_it(tmp_path: Path) -> None:
    what = Remembered("nord", "rule", "Source", "decomposed", 5, "abc")

    remember(tmp_path, "net.py:build", what)
    assert recalled(tmp_path, "net.py:build") == Remembered()

    (tmp_path / ".onnxdx").mkdir()
    remember(tmp_path, "net.py:build", what)
    remember(tmp_path, "other.py:build", Remembered())

    assert recalled(tmp_path, "net.py:build") == what


@pytest.mark.parametrize("text", ["", "[]", "{", '{"net.py:build": 3}', '{"net.py:build": {"tab": "Nowhere"}}'])
def test_what_was_kept_and_is_damaged_is_as_good_as_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / ".onnxdx").mkdir()
    (tmp_path / ".onnxdx" / "tui.json").write_text(text)

    assert recalled(tmp_path, "net.py:build") == Remembered()


@given(st.text(max_size=30), st.text(max_size=60))
def test_a_filter_and_its_inverse_share_everything_out(wanted: str, text: str) -> None:
    wanted = wanted.lstrip("!~")

    if wanted:
        assert Filter(wanted).admits(text) is not Filter(f"!{wanted}").admits(text)


@given(st.text(max_size=40), st.data())
def test_letters_left_out_still_find_the_text(text: str, data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    letters = "".join(letter for letter, keep in zip(text, kept, strict=True) if keep)

    assert in_order(letters, text)


def test_a_node_without_a_line_of_the_users_says_so(failing: Path, screen: Screen) -> None:
    text = screen(Workspace(failing), "0", "g", "enter", "g", "enter")

    assert "No line of your code is known for x." in text
