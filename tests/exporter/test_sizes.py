"""Programs with dims that were asked to be dynamic, through all passes: the findings are those that the lines ask for.

One file per kind in `sizes/`, with `# expect: DX605` on each line that is to blame and none where all is well.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onnxdx import pipeline
from onnxdx.target import load
from onnxdx_diagnostics.report import Report, VerdictOutcome

PROGRAMS = sorted((Path(__file__).parent / "sizes").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_findings_are_on_the_marked_lines(program: Path) -> None:
    text = program.read_text(encoding="utf-8")
    marks = ((number, re.search(r"# expect: (.+)", line)) for number, line in enumerate(text.splitlines(), 1))
    marked = sorted((number, rule) for number, mark in marks if mark for rule in re.findall(r"DX\d{3}", mark[1]))

    report = exported(program.stem)

    places = ((each.site.location, each.id) for each in report.findings)
    assert sorted((place.line if place else 0, rule) for place, rule in places) == marked
    if not marked:
        assert report.verdict.outcome is VerdictOutcome.PROVEN


def test_all_dims_change_at_once_and_down_to_one() -> None:
    trials = exported("trunc_string").verdict.trials

    assert [dict(trial.sizes) for trial in trials] == [{}, {"batch": 3, "seq": 7}, {"batch": 1, "seq": 1}]


def test_a_size_that_eager_refuses_is_passed_over() -> None:
    trials = exported("view_string").verdict.trials

    assert [dict(trial.sizes) for trial in trials] == [{}, {"rows": 12}, {"rows": 4}]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "view_string",
            "`rows` was asked to be dynamic, but this line needs `rows % 2 == 0`: PyTorch itself fails for 7.",
        ),
        ("swin", "`h` was asked to be dynamic, but this line needs `h % 4 == 0`: PyTorch itself fails for 9."),
        (
            "unet_hint",
            "`x.shape[2]` was asked to be dynamic, but this line needs `x.shape[2] % 2 == 0`: "
            "PyTorch itself fails for 9.",
        ),
        (
            "derived_undeclared",
            "`short` and `long` were asked under different names, but this line needs `long == short + 1`.",
        ),
        ("range_conflict", "`x.shape[1]` was asked to be dynamic, but this line holds only for `x.shape[1] <= 32`."),
        (
            "branch_one",
            "The dynamic dimension `batch` works at the traced size 2, but not at 1: "
            "`output`: its shape is [1, 6, 4], not [6, 4].",
        ),
    ],
)
def test_the_sentence_has_the_dim_and_the_numbers(program: str, message: str) -> None:
    assert exported(program).findings[0].message() == message


def exported(name: str) -> Report:
    """The report of one program of `sizes/`."""
    folder = Path(__file__).parent / "sizes"
    _, report = pipeline.run(load(f"{folder / name}.py:build", str(folder)))
    return report
