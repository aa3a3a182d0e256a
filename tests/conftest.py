"""Golden pages: `pytest --update-golden` writes them anew, to be reviewed like code.

Property tests draw the same cases in every run, so that what fails was changed; `make fuzz` draws others.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

Golden = Callable[[str, str], None]


settings.register_profile("repeatable", derandomize=True)
settings.register_profile("fuzz", derandomize=False)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden pages instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: needs a tool or minutes that not every machine has")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with the page of that name in `golden/` beside the test."""

    def compare(name: str, text: str) -> None:
        page = Path(request.path).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
        assert text == page.read_text(encoding="utf-8")

    return compare
