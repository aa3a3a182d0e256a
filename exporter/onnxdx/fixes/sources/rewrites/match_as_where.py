"""A `match` on a number in a tensor: every case is computed, and `torch.where` chooses."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.chosen import Chooser
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import statements_of
from onnxdx.fixes.sources.tensor_test import without_numbers

RULES = frozenset({"DX101"})


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
    if not _is_rest(last):
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
        values = _values(fault, case)
        if values is None or case.guard is not None:
            return
        tests = [f"{_bare(subject)} == {value}" for value in values]
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


def _values(fault: Fault, case: cst.MatchCase) -> list[str] | None:
    match case.pattern:
        case cst.MatchValue(value=value):
            return [fault.file.code(value)]
        case cst.MatchOr(patterns=patterns) if all(isinstance(each.pattern, cst.MatchValue) for each in patterns):
            return [fault.file.code(each.pattern) for each in patterns]
    return None


def _bare(code: str) -> str:
    node = cst.parse_expression(code)
    return code if isinstance(node, (cst.Name, cst.Call, cst.Attribute, cst.Subscript)) else f"({code})"
