"""docs/tui.md is what the program says of itself: its table of keys and its pictures come from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnxdx_tui.workspace.commands import COMMANDS, key_table

PAGE = Path(__file__).parents[2] / "docs" / "tui.md"
START, END = "<!-- keys: made by `pytest --update-golden` -->\n", "<!-- end of keys -->"


def test_the_table_of_keys_is_that_of_the_program(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(START)
    table, after = rest.split(END)

    if request.config.getoption("--update-golden"):
        PAGE.write_text(before + START + key_table() + END + after, encoding="utf-8")
        table = key_table()

    assert table == key_table()
    assert table.count("\n| `") == len(COMMANDS)


def test_every_picture_of_the_page_is_there_and_the_other_way_round() -> None:
    page = PAGE.read_text(encoding="utf-8")

    pictures = {path.name for path in (PAGE.parent / "pictures").glob("tui-*.svg")}

    assert pictures == {name for name in pictures if f"pictures/{name}" in page}
    assert page.count("](pictures/tui-") == len(pictures)
