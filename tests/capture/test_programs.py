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


def test_one_fault_in_equal_layers_is_one_finding(captured: Callable) -> None:
    layers = captured((HERE / "faults" / "same_fault_in_every_layer.py").read_text()).only
    operators = captured((HERE / "faults" / "operator_without_fake_kernel.py").read_text()).only

    assert (layers.site.occurrences, layers.site.modules) == (4, ("0", "1", "2", "3"))
    assert (operators.site.occurrences, operators.site.modules) == (2, ("0", "1"))


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (
            "branch_on_sum",
            "torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x.clone(), (x,))",
        ),
        ("branch_in_helper", "torch.cond(x.max() > 1, lambda x: x.clamp(max=1), lambda x: x.clone(), (x,))"),
        ("float_of_maximum", "x.abs().max().item()"),
        ("branch_on_declared_dim", 'seq = Dim("seq", max=16)'),
        ("pairs_of_rows", 'part = Dim("part")\nrows = 2 * part'),
        ("sizes_that_belong_together", "short = long - 1"),
        ("shapes_with_wrong_key", 'dynamic_shapes = {"x": {0: "rows"}, "y": None}'),
        ("shapes_with_wrong_nesting", 'dynamic_shapes = {"parts": [None, None], "y": None}'),
        ("dataclass_in", "torch.export.register_dataclass(Batch)"),
        (
            "operator_without_fake_kernel",
            '@torch.library.register_fake("onnxdx_capture_tests::twist")\n'
            "def _(x):\n"
            "    return torch.empty_like(x)  # the shape and dtype of the result",
        ),
    ],
)
def test_a_fix_is_written_in_the_names_of_the_program(program: str, text: str, captured: Callable) -> None:
    finding = captured((HERE / "faults" / f"{program}.py").read_text()).only

    assert text in finding.fixes()[0].text


def test_the_stand_in_lets_the_later_passes_speak(captured: Callable) -> None:
    result = captured((HERE / "faults" / "decision_and_fixed_dim.py").read_text())

    assert result.program.recovered
    assert set(result.program.dims.values()) == {"batch"}
    assert any(str(node.target).startswith("aten.add") for node in result.program.exported.graph.nodes)
