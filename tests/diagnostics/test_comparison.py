"""What becomes of findings from one run to the next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxdx_diagnostics.comparison import compare
from onnxdx_diagnostics.finding import Finding, Location, Site
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.report import Outcome, PassRecord, Report
from onnxdx_diagnostics.rules.dx101_data_dependent_branch import DataDependentBranch
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction
from onnxdx_diagnostics.rules.dx411_onnx_function_fails import OnnxFunctionFails
from onnxdx_diagnostics.rules.dx601_numbers_differ import NumbersDiffer

PASSES = ("capture", "decompose", "dispatch", "functions", "translate", "optimize", "validate", "verify")


def report(*findings: Finding, not_run: str = "", surveyed: bool = False) -> Report:
    records = [
        PassRecord(name, Outcome.NOT_RUN if name == not_run else Outcome.PASSED, float(name != not_run or surveyed))
        for name in PASSES
    ]
    return Report("net.py:build", False, findings, tuple(records))


def unsupported(
    operator: str, module: str = "", line: int = 1, modules: tuple[str, ...] = (), text: str = ""
) -> Finding:
    location = Location("net.py", line, snippet=text or f"x = {operator}(x)")
    return NoOnnxFunction(Site(location, module=module, modules=modules, fx_node="x_1", op=operator), operator)


def differs(op: str = "") -> Finding:
    return NumbersDiffer(Site(op=op), "output", "they differ", "", op)


def moved(finding: Finding, lines: int, number: int) -> Finding:
    """The same finding after an edit somewhere else."""
    at = finding.site.location
    location = at and replace(at, line=at.line + lines, end_line=at.end_line + lines)
    return replace(finding, site=replace(finding.site, location=location, fx_node=f"x_{number}"))


def _text(finding: Finding) -> str:
    return finding.site.location.snippet if finding.site.location else ""


findings = st.lists(
    st.builds(
        unsupported,
        st.sampled_from(["aten.a.default", "aten.b.default"]),
        st.sampled_from(["", "layers.0", "layers.1"]),
        st.integers(1, 5),
        text=st.sampled_from(["y = f(x)", "return g(x)"]),
    ),
    max_size=6,
)


@given(findings, st.integers(0, 50), st.integers(0, 50), st.randoms(use_true_random=False))
def test_moved_lines_and_renumbered_nodes_change_nothing(found: list[Finding], lines: int, number: int, random) -> None:  # type: ignore[no-untyped-def]
    after = [moved(finding, lines, number) for finding in found]
    random.shuffle(after)

    comparison = compare(report(*found), report(*after))

    assert comparison.resolved == comparison.introduced == ()
    assert set(comparison.remaining) == set(after)
    assert sorted(identities(found)) == sorted(identities(after))


@given(findings, findings)
def test_every_finding_is_accounted_for_once(before: list[Finding], after: list[Finding]) -> None:
    comparison = compare(report(*before), report(*after))

    assert len(before) == len(comparison.resolved) + len(comparison.remaining)
    assert len(after) == len(comparison.introduced) + len(comparison.remaining)


@given(findings, findings)
def test_what_one_way_resolves_the_other_way_introduces(before: list[Finding], after: list[Finding]) -> None:
    there, back = compare(report(*before), report(*after)), compare(report(*after), report(*before))

    assert len(there.resolved) == len(back.introduced)
    assert len(there.introduced) == len(back.resolved)


@given(findings.filter(bool), st.data())
def test_what_is_taken_away_is_resolved(found: list[Finding], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(found) - 1))
    rest = [*found[:index], *found[index + 1 :]]

    comparison = compare(report(*found), report(*rest))

    (resolved,) = comparison.resolved
    assert (resolved.message(), _text(resolved)) == (found[index].message(), _text(found[index]))
    assert comparison.introduced == ()


@given(findings)
def test_no_two_findings_have_one_identity(found: list[Finding]) -> None:
    assert len(set(identities(found))) == len(found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("`u0 == 4`", "`u3 == 4`"),
        ("`relu_2` and `s77`", "`relu_5` and `s12`"),
        ("raised at /home/me/net.py:12", "raised at /home/me/net.py:40"),
    ],
)
def test_numbers_that_edits_change_are_no_part_of_the_identity(before: str, after: str) -> None:
    one, other = (OnnxFunctionFails(Site(), "aten.a", "f", "onnxdx", said, "") for said in (before, after))

    assert identities([one]) == identities([other])


def test_numbers_that_say_something_are_part_of_the_identity() -> None:
    one, other = (OnnxFunctionFails(Site(), "aten.a", "f", "onnxdx", said, "") for said in ("`a == 4`", "`a == 5`"))

    assert identities([one]) != identities([other])


def test_a_fault_of_many_layers_remains_while_one_has_it() -> None:
    everywhere = unsupported("aten.a.default", "layers.0", modules=("layers.0", "layers.1", "layers.2"))
    elsewhere = unsupported("aten.a.default", "layers.1", modules=("layers.1", "layers.2"))

    comparison = compare(report(everywhere), report(elsewhere))

    assert comparison.remaining == (elsewhere,)
    assert comparison.resolved == comparison.introduced == ()


def test_the_line_says_which_of_two_equal_faults_is_gone() -> None:
    first = unsupported("aten.a.default", line=1, text="a = f(x)")
    second = unsupported("aten.a.default", line=2, text="b = f(a)")

    assert compare(report(first, second), report(second)).resolved == (first,)
    assert compare(report(first, second), report(first)).resolved == (second,)


def test_what_a_pass_that_did_not_run_could_have_said_is_not_resolved() -> None:
    comparison = compare(report(differs()), report(not_run="verify"))

    assert comparison.unchecked == (differs(),)
    assert comparison.resolved == ()
    assert str(comparison) == "0 resolved, 0 remaining, 0 introduced, 1 not looked for again"


def test_what_a_survey_looks_at_is_resolved_without_a_verdict() -> None:
    comparison = compare(report(differs("aten.a.default")), report(not_run="verify", surveyed=True))

    assert comparison.resolved == (differs("aten.a.default"),)


def test_what_only_now_is_looked_for_is_not_introduced() -> None:
    branch = DataDependentBranch(Site(Location("net.py", 3)), "x.sum() > 0", "if", "x.sum() > 0")

    comparison = compare(report(branch, not_run="verify"), report(differs()))

    assert str(comparison) == "1 resolved, 0 remaining, 0 introduced, 1 not looked for before"


def test_one_line_says_what_became_of_all() -> None:
    a, b, c = (unsupported(f"aten.{name}.default") for name in "abc")

    assert str(compare(report(a, b, c), report(b, c))) == "1 resolved, 2 remaining, 0 introduced"
