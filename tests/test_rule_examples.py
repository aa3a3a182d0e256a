"""Every rule proves itself: its EXAMPLE gives exactly the findings that its lines are marked with."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from onnxdx import pipeline
from onnxdx.target import load
from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.finding import Finding

TESTS = Path(__file__).parent
# Rules of targets and options are about a command: tests/cli/test_rule_examples.py runs those.
RULES = [rule for rule in catalog.all_rules() if catalog.stage(rule.id) != "options"]
Found = set[tuple[str, int]]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.EXAMPLE], ids=lambda rule: rule.id)
def test_the_example_gives_the_marked_findings(
    rule: type[Finding], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = rule.EXAMPLE.strip("\n") + "\n"
    (tmp_path / "example.py").write_text(text)
    monkeypatch.chdir(tmp_path)

    found = _commanded(text) if text.startswith("# $ onnxdx ") else _exported(tmp_path)

    assert found == marked(text)
    assert rule.id in {rule_id for rule_id, _ in found}


@pytest.mark.parametrize("rule", [rule for rule in catalog.all_rules() if not rule.EXAMPLE], ids=lambda rule: rule.id)
def test_a_rule_without_an_example_is_tested_elsewhere(rule: type[Finding]) -> None:
    others = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]

    names = re.compile(rf"\b(?:{rule.id}|{rule.__name__})\b")

    assert any(names.search(path.read_text(encoding="utf-8")) for path in others)


def marked(text: str) -> Found:
    """What `# expect: DX101, DX301` comments ask for: rule id and line."""
    lines = enumerate(text.splitlines(), 1)
    marks = ((number, re.search(r"# expect: (.+)", line)) for number, line in lines)
    return {(rule_id, number) for number, mark in marks if mark for rule_id in re.findall(r"DX\d{3}", mark[1])}


def _exported(root: Path) -> Found:
    _, report = pipeline.run(load("example.py:build", str(root)))
    return {(each.id, each.site.location.line if each.site.location else 0) for each in report.findings}


def _commanded(text: str) -> Found:
    from onnxdx_tui.cli import run

    command = text.splitlines()[0].removeprefix("# $ onnxdx ")
    run([*shlex.split(command), "--run-dir", "run"])
    findings = json.loads(Path("run/run.json").read_text())["findings"]
    return {(each["id"], each["location"]["line"] if each["location"] else 0) for each in findings}
