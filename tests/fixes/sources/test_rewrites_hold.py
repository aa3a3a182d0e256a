"""Whatever a decision looks like: no rewrite breaks the file, touches other lines, drops a comment, changes results."""

from __future__ import annotations

import itertools
import linecache
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onnxdx.fixes import Evidence, sources
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.rewrites import branch_as_cond, branch_as_where
from onnxdx.fixes.sources.source_file import SourceFile
from onnxdx.rehearsal.draws import draws
from onnxdx.request import ExportRequest
from onnxdx_diagnostics.edits import edited
from onnxdx_diagnostics.finding import Location, Site
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx101_data_dependent_branch import DataDependentBranch

_NUMBERS = itertools.count()
TESTS = st.sampled_from(
    [
        "x.sum() > 0",
        "x.mean() > 0 and y.sum() > 0",
        "not (x > 0).all()",
        "x.max().item() > 0.5",
        "float(x.sum()) > 0",
        "-1 < x.sum() < 1",
        "(x > 0).any() or y.max() > 2",
        "torch.equal(x, y)",
        "bool(x.isnan().any())",
        "x.dtype == torch.float32 and x.sum() > y.sum()",
        "int(x.sum()) == 0",
        "(\n            x.abs().max() > 1  # high\n        )",
    ]
)
VALUES = st.sampled_from(
    ["x * 2", "y", "x + y", "x.clamp(min=0)", "-x", "(x - x.mean())", "x if y is None else y", "x[:]"]
)
FORMS = st.sampled_from(
    [
        "z = {a} if {t} else {b}  # one of two\nreturn z + 1",
        "if {t}:  # first\n    z = {a}\nelse:\n    # second\n    z = {b}  # third\nreturn z * 2",
        "z = x\nif {t}: z = {a}\nreturn z",
        "z = x\nif {t}:\n    z = {a}\n    w = z + 1\n    z = w * 2\nreturn z",
        "z = x\nif {t}: z = {a}; w = z + 1; z = w  # one line\nelse: z = {b}  # and another\nreturn z",
        "if {t}: return {a}  # at once\nreturn {b}",
        "if {t}:\n    return {a}\n# on the way\nreturn {b}",
        "if {t}:\n    return {a}, 1.0 * y\nx = x + 1  # changed\ny = y * 2\nreturn {b}, y",
        "if {t}:\n    z = {a}\nelif y.sum() > 1:\n    z = {b}\nelse:\n    z = x\nreturn z",
        "if {t}:\n    return {a}\nelif y.sum() > 1:\n    return {b}\nelse:\n    return y",
        "z = x.clone()\nif {t}:\n    z += {a}\nreturn {{'z': z, 'b': {b}}}",
        "z = []\nfor _ in [1, 2]:\n    if {t}:\n        x = {a}\n    else:\n        x = {b}\n    z.append(x)\nreturn z",
        "z, w = x, y\nif {t}:\n    z, w = {a}, {b}\n    w = w + z\nreturn z, w",
        "if {t}:\n    '''\n    long\n    '''\n    z = {a}\nelse:\n    z = {b}\nreturn z",
    ]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(test=TESTS, one=VALUES, two=VALUES, form=FORMS)
def test_a_rewritten_decision_is_the_same_decision(test: str, one: str, two: str, form: str, tmp_path: Path) -> None:
    body = form.format(t=test, a=one, b=two)
    text = _program(body)
    fault = _fault(tmp_path, text, test)

    for candidate in _candidates(fault):
        changed = edited(candidate.edits, {fault.file.path: text})[fault.file.path]

        compile(changed, "changed", "exec")
        assert changed.startswith(HEAD)
        assert changed.endswith(END)
        assert _comments(changed) == _comments(text)
        assert changed.count(_code(test)) <= text.count(_code(test))
        _assert_same(text, changed)


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_line_ends_stay_as_they_are(newline: str, tmp_path: Path) -> None:
    text = _program("if x.sum() > 0:\n    x = x * 2\nreturn x").replace("\n", newline)
    fault = _fault(tmp_path, text, "x.sum() > 0")

    (candidate, *_) = _candidates(fault)
    changed = edited(candidate.edits, {fault.file.path: text})[fault.file.path]

    untouched = [line for line in text.split("\n") if line in changed.split("\n")]
    assert len(untouched) >= len(text.split("\n")) - 2
    compile(changed, "changed", "exec")


HEAD = "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x, y):\n"
END = "\n\ndef build():\n    return Net(), (torch.rand(2, 3), torch.rand(2, 3))\n"


def _program(body: str) -> str:
    lines = (f"        {line}" if line.strip() else line for line in body.split("\n"))
    return HEAD + "\n".join(lines) + "\n" + END


def _fault(folder: Path, text: str, test: str) -> Fault:
    path = folder / f"net_{next(_NUMBERS)}.py"
    path.write_bytes(text.encode())
    linecache.checkcache()
    model = _model(text, str(path))
    request = ExportRequest(model, (torch.rand(2, 3), torch.rand(2, 3)), target=f"{path}:build", root=str(folder))
    file = SourceFile.read(str(path))
    assert file is not None
    head, _, _ = text.partition(_code(test))
    line, column = head.count("\n") + 1, len(head) - head.rfind("\n")
    place = Location(str(path), line, column, line, column + len(_code(test)))
    finding = DataDependentBranch(Site(place), "if", test)
    return Fault(finding, Evidence(request, Report("net", exported=False), None, folder / "registry.py"), file, place)


def _code(test: str) -> str:
    """The test without the lines and the comment around it."""
    return next(line.strip() for line in test.split("\n") if line.strip(" (")).partition("  #")[0]


def _candidates(fault: Fault) -> Iterator[Candidate]:
    for rewrite in (branch_as_where, branch_as_cond):
        yield from rewrite.candidates(fault)


class _TorchOfPython:
    """torch with a `cond` that compiles nothing."""

    @staticmethod
    def cond(chosen: Any, then: Any, other: Any, operands: Any) -> Any:
        return then(*operands) if bool(chosen) else other(*operands)

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def _model(text: str, path: str = "net") -> torch.nn.Module:
    module = types.ModuleType("net")
    exec(compile(text, path, "exec"), vars(module))
    vars(module)["torch"] = _TorchOfPython()
    model, _ = module.build()
    assert isinstance(model, torch.nn.Module)
    return model


def _assert_same(text: str, changed: str) -> None:
    before, after = _model(text), _model(changed)
    torch.manual_seed(0)
    for draw in itertools.islice(draws([torch.rand(2, 3), torch.rand(2, 3)]), 16):
        try:
            one = _results(before(*(leaf.clone() for leaf in draw.leaves)))
        except (ValueError, OverflowError):  # `int()` of what is not a number
            continue
        two = _results(after(*(leaf.clone() for leaf in draw.leaves)))
        assert len(one) == len(two)
        for was, now in zip(one, two, strict=True):
            torch.testing.assert_close(now, was, equal_nan=True)


def _results(value: Any) -> list[torch.Tensor]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _comments(text: str) -> list[str]:
    return sorted(line.partition("#")[2].strip() for line in text.split("\n") if "#" in line)


def test_rules_of_the_provider_are_those_of_its_rewrites() -> None:
    assert {"DX101", "DX102", "DX104", "DX107", "DX108", "DX111", "DX114", "DX117", "DX414"} <= sources.RULES
