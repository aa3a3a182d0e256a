"""The tour shows what its commands print."""

from __future__ import annotations

import re

import pytest
from tour import PAGE, refreshed


@pytest.mark.slow
def test_the_tour_shows_what_is_printed_today() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == refreshed(page), "run `make tour`"


def test_the_tour_shows_every_command_with_its_output() -> None:
    blocks = re.findall(r"```console\n\$ onnxdx ([^\n]+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert len(blocks) >= 3
    assert all(printed.strip() for _, printed in blocks)
    assert all(len(line) <= 80 for _, printed in blocks for line in printed.splitlines())
