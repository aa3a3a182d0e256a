"""One program in, what capture makes of it and what it says out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from onnxdx.passes import capture
from onnxdx.target import load
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.sink import Collector


@dataclass(frozen=True)
class Captured:
    """The program of `text`, if there is one, and the findings."""

    text: str
    program: CapturedProgram | None
    findings: tuple[Finding, ...]

    @property
    def said(self) -> list[tuple[int, str]]:
        """Line and rule id of every finding."""
        places = ((each.site.location, each.id) for each in self.findings)
        return sorted((place.line if place else 0, rule) for place, rule in places)

    @property
    def marked(self) -> list[tuple[int, str]]:
        """What the `# expect: DX101, DX102` comments of the program ask for."""
        marks = ((number, re.search(r"# expect: (.+)", line)) for number, line in enumerate(self.text.splitlines(), 1))
        return sorted((number, rule) for number, mark in marks if mark for rule in re.findall(r"DX\d{3}", mark[1]))

    @property
    def only(self) -> Finding:
        (finding,) = self.findings
        return finding


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Captured]:
    """Capture the `build()` of a program; `beside` are other files in its folder, by name."""

    def run(text: str, **beside: str) -> Captured:
        monkeypatch.chdir(tmp_path)
        for name, content in {"program": text, **beside}.items():
            (tmp_path / f"{name}.py").write_text(content, encoding="utf-8")
        sink = Collector()
        program = capture.run(load("program.py:build", str(tmp_path)), sink)
        return Captured(text, program, sink.findings)

    return run
