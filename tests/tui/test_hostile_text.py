"""Text of a model is data: whatever stands in it is shown, and nothing of it acts on the screen or the app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from onnxdx_diagnostics.graphs import Graphs, ProgramGraph
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rundir import GRAPHS, REPORT
from onnxdx_tui.workspace.app import Workspace
from onnxdx_tui.workspace.line import fitted, shown, wrapped

HOSTILE = {
    "markup": "[bold red]x[/bold red][/usr/x][@click=app.quit]",
    "escape": "\x1b[2J\x1b]0;title\x07\x1b[?1049l",
    "right-to-left": "abc\u202egnirts\u202c\u2066x",
    "wide": "模型模型模型模型模型模型模型模型",
    "nul": "a\x00b\x08\x7f\x9b31m",
    "surrogate": "broken \udcff name",
    "long": "x" * 10_000,
    "lines": "one\ntwo\r\nthree\u2028four",
}


KEYS = (("2", "enter"), ("escape", "5", "0"), ("6",), ("7",), ("8",), ("3", "l"), (":", "x"), ("escape", "y"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_everywhere_and_acts_nowhere(
    name: str, failing: Path, screens: Callable[..., list[str]]
) -> None:
    _poison(failing, HOSTILE[name])

    seen = screens(Workspace(failing), *KEYS, size=(100, 30))

    assert "DX301" in seen[2]
    for each in seen:
        assert not set(each) & set("\x1b\x00\x07\x08\x7f\x9b\u202e\u2066\udcff\u2028\r")
        assert max(map(cell_len, each.splitlines())) <= 100


def _poison(folder: Path, text: str) -> None:
    """Put a text into every field of a run that comes from a model."""
    report = Report.load(folder / REPORT)
    findings = tuple(
        replace(
            finding,
            site=replace(
                finding.site,
                location=replace(finding.site.location, snippet=text) if finding.site.location else None,
                module=text,
                op=text,
                values=(f"{text}: f32[2]",),
            ),
            operator=text,  # type: ignore[arg-type]
        )
        for finding in report.findings
    )
    replace(report, findings=findings, target=f"{text}:build").save(folder / REPORT)
    graphs = Graphs.load(folder / GRAPHS)
    stages = []
    for graph in graphs.stages:
        nodes = tuple(
            node._replace(
                name=node.name + text,
                op=text,
                module=text,
                value=text,
                origins=tuple(each + text for each in node.origins),
            )
            for node in graph.nodes
        )
        stages.append(ProgramGraph(graph.stage, nodes, graph.edges))
    Graphs(tuple(stages)).save(folder / GRAPHS)


@given(st.text(max_size=80), st.integers(1, 60))
def test_what_is_fitted_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fitted(shown(text), width)) == width


@given(st.text(max_size=200), st.integers(2, 60))
def test_what_is_wrapped_is_never_wider(text: str, width: int) -> None:
    assert all(cell_len(each) <= width for each in wrapped(shown(text), width))
