"""Programs that fail to be captured, and some that only look like it: the findings are those that the lines ask for.

One file per fault in `faults/`, with `# expect: DX101` on each line that is to blame; none in `fine/`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAULTS = sorted((HERE / "faults").glob("*.py"))
FINE = sorted((HERE / "fine").glob("*.py"))


@pytest.mark.parametrize("program", FAULTS, ids=lambda path: path.stem)
def test_every_fault_is_told_on_its_line(program: Path, captured: Callable) -> None:
    result = captured(program.read_text())

    assert result.marked
    assert result.said == result.marked
    assert all(Path(each.site.location.path).name == "program.py" for each in result.findings)


@pytest.mark.parametrize("program", FINE, ids=lambda path: path.stem)
def test_a_program_that_is_fine_is_left_alone(program: Path, captured: Callable) -> None:
    result = captured(program.read_text())

    assert result.said == []
    assert not result.program.recovered


@pytest.mark.parametrize("program", FAULTS, ids=lambda path: path.stem)
def test_nothing_is_printed(program: Path, captured: Callable, capfd: pytest.CaptureFixture[str]) -> None:
    captured(program.read_text())

    assert "".join(capfd.readouterr()) == ""
