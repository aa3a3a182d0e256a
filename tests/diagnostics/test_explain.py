"""Every rule explains itself, and its page is current."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from onnxdx_diagnostics import catalog, docs
from onnxdx_diagnostics.explain import documentation, explain_rule, render_rule

PAGES = Path(__file__).parents[2] / "docs" / "rules"


@pytest.mark.parametrize("rule_id", catalog.ids())
def test_rule_says_what_why_and_how(rule_id: str) -> None:
    rule = catalog.rule(rule_id)

    told = documentation(rule)

    assert told.summary.endswith(".")
    assert told.sections[0][0] == "What it means"
    assert told.section("How to fix it")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.id == rule_id


@pytest.mark.parametrize("rule_id", catalog.ids())
def test_example_parses_and_marks_its_line(rule_id: str) -> None:
    rule = catalog.rule(rule_id)

    ast.parse(rule.EXAMPLE)

    about_source = rule.EXAMPLE and catalog.stage(rule_id) != "options"
    assert not about_source or f"# expect: {rule_id}" in rule.EXAMPLE
    assert "# expect" not in explain_rule(rule)


def test_pages_are_current() -> None:
    written = {page.name: page.read_text(encoding="utf-8") for page in PAGES.glob("*.md")}

    assert written == docs.pages(), "run `python -m onnxdx_diagnostics.docs docs/rules`"


def test_writing_pages_removes_those_of_rules_that_are_gone(tmp_path: Path) -> None:
    (tmp_path / "DX000.md").write_text("gone")

    docs.write(tmp_path)

    assert {page.name for page in tmp_path.iterdir()} == set(docs.pages())


def test_rule_is_readable_at_eighty_columns() -> None:
    stream = io.StringIO()

    render_rule(catalog.rule("DX301"), Console(file=stream, width=80, _environ={}))

    assert "What it means" in stream.getvalue()
    assert max(map(len, stream.getvalue().split("\n"))) <= 80
