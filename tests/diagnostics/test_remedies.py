"""Which fixes are applied together: the best proven ones, as long as they do not speak of the same thing."""

from __future__ import annotations

from dataclasses import replace

from onnxdx_diagnostics.finding import Finding, Location, Site
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.remedies import plan
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction


def fix(*edits: Edit, applicability: Applicability = Applicability.PROVEN) -> Fix:
    return Fix("Fix it", applicability, edits=edits, provider="test")


def finding(*fixes: Fix, op: str = "mylib.twist.default") -> Finding:
    return NoOnnxFunction(Site(Location("net.py", 3), op=op), op, offered=fixes)


def added(text: str, path: str = "onnxdx_registry.py") -> Edit:
    return Edit(path, 1, 1, 1, 1, text)


def test_the_first_proven_fix_of_each_finding_is_taken() -> None:
    plausible, first, second = (
        fix(added("a"), applicability=Applicability.PLAUSIBLE),
        fix(added("b")),
        fix(added("c")),
    )
    without = finding(plausible, fix(applicability=Applicability.PROVEN))

    planned = plan([finding(plausible, first, second), without])

    assert [remedy.fix for remedy in planned.remedies] == [first]
    assert planned.unfixed == (without,)


def test_equal_fixes_of_two_findings_are_one_change() -> None:
    planned = plan([finding(fix(added("x = 1\n"))), finding(fix(added("x = 1\n")))])

    assert planned.edits == (added("x = 1\n"),)
    assert planned.titles == ("Fix it",)


def test_two_functions_for_one_operator_are_not_both_added() -> None:
    second = finding(fix(added("def g(): pass\n")))

    planned = plan([finding(fix(added("def f(): pass\n"))), second])

    assert planned.waiting == (second,)


def test_names_that_two_fixes_define_differently_are_not_mixed() -> None:
    first = finding(fix(added("def helper(): return 1\n")), op="a")
    same = finding(fix(added("def helper():\n    return 1\n"), added("b = 1\n")), op="b")
    other = finding(fix(added("def helper(): return 2\n")), op="c")
    imported = finding(fix(added("from somewhere import helper\n"), added("import a as b\n")), op="d")
    renamed = finding(fix(added("import c as b\n")), op="e")

    assert plan([first, same]).waiting == ()
    assert plan([first, other]).waiting == (other,)
    assert plan([first, imported, renamed]).waiting == (imported,)
    assert plan([imported, renamed]).waiting == (renamed,)


def test_fixes_that_replace_the_same_text_come_one_after_the_other() -> None:
    first = finding(fix(Edit("net.py", 3, 5, 4, 1, "a")), op="a")
    overlapping = finding(fix(Edit("net.py", 3, 9, 3, 10, "b")), op="b")
    beside = finding(fix(Edit("net.py", 4, 1, 5, 1, "c")), op="c")
    elsewhere = replace(overlapping, offered=(fix(Edit("other.py", 3, 9, 3, 10, "b")),))

    assert plan([first, overlapping]).waiting == (overlapping,)
    assert plan([first, beside, elsewhere]).waiting == ()
