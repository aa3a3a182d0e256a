"""What a command line may say to mean findings."""

from __future__ import annotations

import pytest

from onnxdx_diagnostics.finding import Location, Site
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction
from onnxdx_diagnostics.rules.dx416_no_outputs import NoOutputs
from onnxdx_diagnostics.selection import NothingSelected, selected

FINDINGS = (
    NoOnnxFunction(Site(Location("/p/train/net.py", 3)), "mylib.twist.default"),
    NoOnnxFunction(Site(Location("/p/train/net.py", 9)), "aten.mode.default"),
    NoOutputs(Site(), "None"),
)
REPORT = Report("train/net.py:build", False, FINDINGS, root="/p")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("all", [1, 2, 3]),
        ("2", [2]),
        ("DX301", [1, 2]),
        ("dx301@9", [2]),
        ("train/net.py:3", [1]),
        ("net.py:9", [2]),
    ],
)
def test_findings_are_meant_in_several_ways(text: str, numbers: list[int]) -> None:
    assert selected(REPORT, text) == tuple(FINDINGS[number - 1] for number in numbers)


@pytest.mark.parametrize("text", ["4", "DX302", "DX301@4", "et.py:9", "net.py", ""])
def test_what_means_nothing_is_told_with_what_there_is(text: str) -> None:
    with pytest.raises(NothingSelected, match="there are 3: DX301, DX416"):
        selected(REPORT, text)


def test_a_clean_report_has_nothing_to_select() -> None:
    with pytest.raises(NothingSelected, match="there are no findings"):
        selected(Report("net.py:build", True), "all")
