"""Programs with faults, and some that only look like it: the findings are exactly those that the lines ask for.

A program is one file: `<topic>_<what>.py` here when it has a fault, `fine/<what>.py` when it has none.

- The docstring says in a line or two what the user does, with the public issue that it is taken from.
- `# expect: DX101, DX301` stands on each line that is to blame. Lines without it are innocent. In `DX102 before torch
  2.14`, later versions of torch capture the line.
- `build()` returns (model, args[, kwargs[, dynamic_shapes]]) or an ExportTarget.
- `# runs: onnxdx export {program}:build --timeout 10` exports through the command line, in a process of its own: for
  programs that hang, exit, crash, change the process they run in, or need an option.
- `# prints: REGEX` announces a line of output; no other may come to the terminal.
- `# unverified: REASON` stands in a fine program whose numbers cannot be compared; all others have to be proven.

Which line and which rule, where taste could differ:

- The innermost line of the program's own code that asks for the impossible, not the one that calls it; in an expression
  of several lines the line on which the construct begins.
- A size that is fixed or guarded is told where the code needs it. A dim that only the sample fixes (size 0 or 1), and
  what is wrong with `dynamic_shapes` or the inputs, is told at `def build`, where they are given.
- A class that torch cannot take apart is told at its definition when it is an input, at the `return` when an output.
- Where a definition is at fault it is told there: the `return` of a wrong fake kernel, the decorator of a wrong schema,
  a `symbolic` that nothing reads, and at `def forward` an input that is baked in, or that there is none.
- An operator that torch only renames to a prim (`lgamma`, `frexp`) has no decomposition: DX301, and not DX203.
- A number that Python needs is DX102 where it is taken; an `if`, `while` or `match` on values is DX101, also when the
  number is taken in its condition. Where strict capture keeps the number symbolic nothing is wrong.
- A size that is too large for the model itself is no finding, unless the dim was declared to reach it.
- A custom operator without fake kernel and without ONNX function has both faults: both are told on the call.
- One cause, one finding: what follows from a fault that is told already, on whatever line, is no fault of its own. The
  same fault in equal layers, or in two calls on one line, is one; on two lines it is two.
- A fault behind a fault is told if a user would meet it after mending the first in the obvious way.
- Warnings and notes are findings too: state that is lost and inputs that are written to are marked.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus import Program, programs, tell, unannounced

PROGRAMS = programs()


@pytest.mark.parametrize("program", [each for each in PROGRAMS if not each.is_fine], ids=lambda each: each.name)
def test_every_fault_is_told_on_its_line(program: Program, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told = tell(program, tmp_path)

    assert program.marked
    assert sorted(told.found) == sorted(program.marked)
    assert told.elsewhere == []
    assert list(unannounced(program, told.printed + "".join(capfd.readouterr()))) == []


@pytest.mark.parametrize("program", [each for each in PROGRAMS if each.is_fine], ids=lambda each: each.name)
def test_a_program_that_is_fine_is_left_alone(
    program: Program, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = tell(program, tmp_path)

    assert not program.marked
    assert told.found == set()
    assert told.proven or program.unverified, told.report.verdict.reason
    assert list(unannounced(program, told.printed + "".join(capfd.readouterr()))) == []
