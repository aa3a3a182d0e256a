"""One program for each kind of change: what is offered first is of that kind, proven, and reads as on its page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx.fixes.sources import rewrites
from onnxdx_diagnostics.fix import Applicability

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
NOT_PROVEN = {"state_as_buffer", "operand_as_tensor"}
"""Kinds that are plausible at most: the state stays a warning, and the number fails in eager mode."""


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_change_is_proven(path: Path, run: Callable, golden: Callable) -> None:
    done = run.of_file(path)
    rule = re.findall(r"# expect: (DX\d+)", path.read_text())[0]

    fix = done.fixes(rule)[0]

    assert fix.provider == f"sources.{path.stem.partition('__')[0]}"
    assert fix.applicability is Applicability.PROVEN, fix.unproven
    golden(f"{path.stem}.diff", fix.diff)


def test_each_kind_has_a_program() -> None:
    kinds = {name for name, _ in rewrites.found()}

    shown = {path.stem.partition("__")[0] for path in PROGRAMS}

    assert kinds - NOT_PROVEN == shown
