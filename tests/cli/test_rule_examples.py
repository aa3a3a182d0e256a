"""The rules of targets and options say what they find: running EXAMPLE gives exactly this id, on the marked line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx_diagnostics import catalog

RULES = [rule for rule in catalog.all_rules() if catalog.stage(rule.id) == "options" and rule.EXAMPLE]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_example_gives_its_rule(rule: type, project: Path, onnxdx: Callable) -> None:
    lines = rule.EXAMPLE.strip("\n").splitlines()
    (project / "example.py").write_text("\n".join(lines))
    marked = [number for number, line in enumerate(lines, 1) if f"expect: {rule.id}" in line]
    command = lines[0].removeprefix("# $ onnxdx ") if lines[0].startswith("# $") else "export example.py:build"

    onnxdx(*shlex.split(command), "--run-dir", "run")

    findings = json.loads((project / "run" / "run.json").read_text())["findings"]
    assert [each["id"] for each in findings] == [rule.id]
    assert [each["location"]["line"] for each in findings if each["location"] and marked] == marked
