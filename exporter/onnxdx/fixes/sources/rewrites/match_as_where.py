"""A `match` on a number in a tensor: every case is computed, and `torch.where` chooses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from onnxdx.fixes.sources.chosen import Chooser
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import statements_of
from onnxdx.fixes.sources.tensor_test import without_numbers

RULES = frozenset({"DX101", "DX102"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """Cases of single values and one for the rest, each of which returns or sets one name."""
    match = next((node for node in (fault.statement,) if isinstance(node, cst.Match)), None)
    if match is None:
        return
    subject = without_numbers(fault, match.subject)
    torch, imports = fault.file.importing("torch")
    following = fault.file.following(match) or []
    if subject is None:
        return
    made = Chooser(fault, torch)
    *cases, last = match.cases
    sides = [_side(fault, case.body) for case in match.cases]
    end: cst.CSTNode = match
    if not _is_rest(last) and not _are_both_truths(match.cases):
        cases, rest = list(match.cases), _side(fault, following)
        if rest is None or not rest[0].startswith("return"):
            return
        sides.append(rest)
        end = following[-1]
    if any(side is None for side in sides) or len({side[0] for side in sides if side is not None}) != 1:
        return
    codes = [side[1] for side in sides if side is not None]
    chosen = codes[-1]
    for case, code in zip(reversed(cases), reversed(codes[:-1]), strict=True):
        tests = _tests(fault, case, subject, torch)
        if tests is None or case.guard is not None:
            return
        test = tests[0]
        for other in tests[1:]:
            test = f"{torch}.logical_or({test}, {other})"
        one = made.of_codes(test, code, chosen)
        if one is None:
            return
        chosen = one
    head = next(side[0] for side in sides if side is not None)
    edit = fault.file.replace_statements(match, end, f"{head}{chosen}")
    yield Candidate("Compute every case and choose with `torch.where`", (*imports, edit))


def _side(fault: Fault, block: cst.BaseSuite | list[cst.BaseStatement]) -> tuple[str, str] | None:
    """What a case does with which value: ("return ", "x * 2"), ("y = ", "x * 2")."""
    match statements_of(block):
        case [cst.Return(value=cst.BaseExpression() as value)]:
            return "return ", fault.file.code(value)
        case [cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value)]:
            return f"{name} = ", fault.file.code(value)
    return None


def _is_rest(case: cst.MatchCase) -> bool:
    return isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None and case.guard is None


def _are_both_truths(cases: Sequence[cst.MatchCase]) -> bool:
    """`case True` and `case False`, of which the last is all that is left."""
    truths = {case.pattern.value.value for case in cases if isinstance(case.pattern, cst.MatchSingleton)}
    return len(cases) == 2 and truths == {"True", "False"} and all(case.guard is None for case in cases)


def _tests(fault: Fault, case: cst.MatchCase, subject: str, torch: str) -> list[str] | None:
    """The conditions of which one must hold for a case; None when the pattern is no value."""
    match case.pattern:
        case cst.MatchSingleton(value=cst.Name(value="True")):
            return [subject]
        case cst.MatchSingleton(value=cst.Name(value="False")):
            return [f"{torch}.logical_not({subject})"]
        case cst.MatchValue(value=value):
            return [f"{_bare(subject)} == {fault.file.code(value)}"]
        case cst.MatchOr(patterns=patterns) if all(isinstance(each.pattern, cst.MatchValue) for each in patterns):
            return [f"{_bare(subject)} == {fault.file.code(each.pattern)}" for each in patterns]
    return None


def _bare(code: str) -> str:
    node = cst.parse_expression(code)
    return code if isinstance(node, (cst.Name, cst.Call, cst.Attribute, cst.Subscript)) else f"({code})"
