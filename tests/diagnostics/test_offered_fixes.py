"""Fixes that were tried: they travel with their finding, and take the place of what the rule alone knows."""

from __future__ import annotations

from dataclasses import replace

from onnxdx_diagnostics.codec import from_plain, to_plain
from onnxdx_diagnostics.finding import Finding, Location, Site
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.render import render_text
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction

TRIED = Fix(
    "Register `twist` in ONNX Script",
    Applicability.PROVEN,
    diff="+def twist(x):\n",
    edits=(Edit("/p/onnxdx_registry.py", 1, 1, 1, 1, "def twist(x):\n"),),
    proof="Agrees with eager on 3 inputs.",
    provider="operators",
)


def finding(*offered: Fix) -> Finding:
    return NoOnnxFunction(Site(Location("/p/net.py", 3)), "mylib.twist.default", offered=offered)


def test_a_fix_that_was_tried_is_saved_with_its_proof() -> None:
    report = Report("net.py:build", False, (finding(TRIED),), root="/p")

    back = from_plain(to_plain(report))

    (fix,) = back.findings[0].offered
    assert fix == replace(TRIED, edits=(replace(TRIED.edits[0], path="onnxdx_registry.py"),))


def test_what_a_rule_says_is_not_taken_for_a_tried_fix() -> None:
    back = from_plain(to_plain(Report("net.py:build", False, (finding(),))))

    assert back.findings[0].offered == ()
    assert back.findings[0].ways() == finding().fixes()


def test_the_words_of_a_rule_are_silent_beside_a_proven_fix_only() -> None:
    plausible = replace(TRIED, applicability=Applicability.PLAUSIBLE)

    assert finding(TRIED).ways() == (TRIED,)
    assert finding(plausible).ways() == (plausible, *finding().fixes())


def test_the_proof_is_read_below_the_fix() -> None:
    text = render_text(Report("net.py:build", False, (finding(TRIED),), root="/p"))

    assert "= fix (proven): Register `twist` in ONNX Script\n    Agrees with eager on 3 inputs.\n" in text
