"""Decisions on data are rewritten so that the graph holds both sides, and only then called proven."""

from __future__ import annotations

from collections.abc import Callable

from onnxdx.fixes import fixes_for
from onnxdx_diagnostics.fix import Applicability

START = """import torch


class Net(torch.nn.Module):
    def forward(self, x):
"""
END = """

def build():
    return Net(), (torch.rand(2, 3),)
"""


def program(body: str) -> str:
    return START + "".join(f"        {line}\n" if line else "\n" for line in body.strip().split("\n")) + END


def test_an_if_on_data_is_offered_as_where_and_proven(run: Callable) -> None:
    done = run(program("if x.sum() > 0:  # warm\n    x = x * 2\nelse:\n    x = x - 1\nreturn x"))

    (fix,) = fixes_for(done.finding("DX101"), done.evidence)

    assert fix.applicability is Applicability.PROVEN
    assert "+        x = torch.where(x.sum() > 0, x * 2, x - 1)  # warm\n" in fix.diff
    assert "ONNX Runtime agrees" in fix.proof


def test_a_side_that_no_input_takes_is_said_to_be_unproven(run: Callable) -> None:
    done = run(program("if x.sum().sin() > 2:\n    return x * 2\nreturn x - 1"))

    fix, *others = done.fixes("DX101")

    assert {each.applicability for each in (fix, *others)} == {Applicability.PLAUSIBLE}
    assert "no input was found for which the test is true" in fix.unproven


def test_an_update_that_the_result_depends_on_is_not_left_out(run: Callable) -> None:
    done = run(
        program("self.level.mul_(0.5).add_(x)\nif x.sum() > 0:\n    x = x + 1\nreturn x * self.level").replace(
            "    def forward",
            "    def __init__(self):\n        super().__init__()\n"
            '        self.register_buffer("level", torch.ones(2, 3))\n\n    def forward',
        )
    )

    assert done.fixes("DX413") == []


def test_what_changes_eager_results_is_not_offered(run: Callable) -> None:
    done = run(program("if x.sum() > 0:\n    return x + torch.rand(())\nreturn x - torch.rand(())"))

    fixes = done.fixes("DX101")

    assert all("torch.where" not in fix.diff for fix in fixes)


CHECK = "if x.exp().sum() < 0:\n    raise ValueError(f'never: {x.sum()}')"


def test_a_check_that_nothing_fails_is_proven_to_be_left_out(run: Callable) -> None:
    done = run(program(f"{CHECK}\nreturn x + 1"))

    (fix,) = done.fixes("DX101")

    assert fix.applicability is Applicability.PROVEN
    assert "rejects" in fix.text


def test_a_check_whose_error_leads_to_another_result_is_not(run: Callable) -> None:
    indented = CHECK.replace("\n", "\n    ")
    done = run(program(f"try:\n    {indented}\nexcept ValueError:\n    return x * 0\nreturn x + 1"))

    fixes = done.fixes("DX101")

    assert {each.applicability for each in fixes} <= {Applicability.PLAUSIBLE}


def test_a_setting_of_the_model_needs_no_second_side(run: Callable) -> None:
    setting = program("if self.soft and x.sum() > 1:\n    return x * 2\nif not self.soft:\n    return x\nreturn x - 1")

    done = run(setting.replace("    def forward", "    soft = True\n\n    def forward"))

    assert done.fixes("DX101")[0].applicability is Applicability.PROVEN


def test_what_is_set_in_every_call_is_no_setting(run: Callable) -> None:
    body = "self.high = not float(x.detach().sum()) ** 2 < 0\nif self.high and x.sum() > 1:\n    x = x * 2\nreturn x"

    done = run(program(body))

    (decision,) = (each for each in done.findings if "self.high and" in each.message())
    assert {each.applicability for each in fixes_for(decision, done.evidence)} == {Applicability.PLAUSIBLE}


def test_a_loop_on_one_line_is_made_part_of_the_graph(run: Callable) -> None:
    done = run(program("while x.abs().max() > 1: x = x / 2\nreturn x * 3"))

    (fix,) = done.fixes("DX101")

    assert fix.applicability is Applicability.PROVEN
    assert "+            x = x / 2\n" in fix.diff
