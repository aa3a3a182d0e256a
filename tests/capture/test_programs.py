"""What capture alone makes of programs of the corpus (tests/failing): fixes, occurrences, stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[1] / "failing"


def text(program: str) -> str:
    return (CORPUS / f"{program}.py").read_text(encoding="utf-8")


OWN_PROCESS = (
    "crash_",
    "printing_and_warning",
    "percentile_by_numpy",
    "dims_in_a_table_remembered",
    "number_bounded_by_min",
)
"""Programs for a process of their own (tests/failing): they leave torch in another state, or names of their globals
in dynamo, which knows every `program.py` as one module."""

FINE = [path for path in sorted((CORPUS / "fine").glob("*.py")) if not path.stem.startswith(OWN_PROCESS)]


@pytest.mark.parametrize("program", FINE, ids=lambda path: path.stem)
def test_a_program_that_is_fine_needs_no_stand_in(program: Path, captured: Callable) -> None:
    result = captured(program.read_text(encoding="utf-8"))

    assert result.said == []
    assert not result.program.recovered


def test_one_fault_in_equal_layers_is_one_finding(captured: Callable) -> None:
    layers = captured(text("branch_in_every_layer")).only
    operators = captured(text("customop_without_fake_kernel")).only

    assert (layers.site.occurrences, layers.site.modules) == (4, ("0", "1", "2", "3"))
    assert (operators.site.occurrences, operators.site.modules) == (2, ("0", "1"))


@pytest.mark.parametrize(
    ("program", "fix"),
    [
        (
            "branch_on_sum",
            "torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x.clone(), (x,))",
        ),
        ("branch_in_helper", "torch.cond(x.max() > 1, lambda x: x.clamp(max=1), lambda x: x.clone(), (x,))"),
        ("value_float_of_maximum", "x.abs().max().item()"),
        ("dims_branch_on_declared", 'seq = Dim("seq", max=16)'),
        ("dims_pairs_of_rows", 'part = Dim("part")\nrows = 2 * part'),
        ("dims_that_belong_together", "short = long - 1"),
        ("shapes_with_wrong_key", 'dynamic_shapes = {"x": {0: "rows"}, "y": None}'),
        ("shapes_with_wrong_nesting", 'dynamic_shapes = {"parts": [None, None], "y": None}'),
        ("inputs_dataclass", "torch.export.register_dataclass(Batch)"),
        (
            "customop_without_fake_kernel",
            '@torch.library.register_fake("customop_without_fake_kernel::twist")\n'
            "def _(x):\n"
            "    return torch.empty_like(x)  # the shape and dtype of the result",
        ),
    ],
)
def test_a_fix_is_written_in_the_names_of_the_program(program: str, fix: str, captured: Callable) -> None:
    finding = captured(text(program)).only

    assert fix in finding.fixes()[0].text


def test_the_stand_in_lets_the_later_passes_speak(captured: Callable) -> None:
    result = captured(text("several_decision_and_fixed_dim"))

    assert result.program.recovered
    assert set(result.program.dims.values()) == {"batch"}
    assert any(str(node.target).startswith("aten.add") for node in result.program.exported.graph.nodes)
