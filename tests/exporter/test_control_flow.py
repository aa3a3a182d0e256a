"""Control flow: branches and loops are proven on the given inputs and agree with eager on inputs that go elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import cond
from torch._higher_order_ops import associative_scan, while_loop
from torch._higher_order_ops import map as map_rows
from torch._higher_order_ops import scan as scan_rows

import onnxdx
from onnxdx.program import ONNXProgram
from onnxdx_diagnostics.report import VerdictOutcome

X = torch.linspace(-2, 3, 12).view(3, 4)
UP, DOWN = (X.abs(),), (-X.abs(),)
Model = Any
Program = Callable[..., Any]
Proof = Callable[..., ONNXProgram]


def plain(model: Model, x: torch.Tensor) -> Any:
    return cond(x.sum() > 0, lambda x: x * 2, lambda x: x - 1, (x,))


def nested(model: Model, x: torch.Tensor) -> Any:
    def up(x: torch.Tensor) -> Any:
        return cond(x.max() > 1, lambda x: x + 1, lambda x: x * 3, (x,))

    return cond(x.sum() > 0, up, lambda x: x - 1, (x,))


def over_parameters(model: Model, x: torch.Tensor) -> Any:
    return cond(x.sum() > 0, lambda x: model.linear(x) * model.scale, lambda x: x - model.shift, (x,))


def several_outputs(model: Model, x: torch.Tensor) -> Any:
    return cond(x.sum() > 0, lambda x: (x * 2, x.sum(), x.argmax()), lambda x: (x - 1, x.mean(), x.argmin()), (x,))


def dict_of_outputs(model: Model, x: torch.Tensor) -> Any:
    return cond(x.sum() > 0, lambda x: {"a": x * 2, "b": x.sum()}, lambda x: {"a": x - 1, "b": x.mean()}, (x,))


def unchanged_operands(model: Model, x: torch.Tensor) -> Any:
    return cond(x.sum() > 0, lambda x, y: (x.clone(), y.clone()), lambda x, y: (y.clone(), x.clone()), (x, x + 1))


def one_value_twice(model: Model, x: torch.Tensor) -> Any:
    def up(x: torch.Tensor) -> Any:
        y = x * 2
        return y, y.clone()

    return cond(x.sum() > 0, up, lambda x: (x - 1, x + 1), (x,))


def constants(model: Model, x: torch.Tensor) -> Any:
    return cond(x.sum() > 0, lambda x: torch.ones(3, 4), lambda x: torch.zeros(3, 4), (x,))


def in_between(model: Model, x: torch.Tensor) -> Any:
    y = model.linear(x)
    return cond(y.sum() > 0, lambda y: y * 2, lambda y: y + model.shift, (y,)) + y


BRANCHES = [
    plain, nested, over_parameters, several_outputs, dict_of_outputs, unchanged_operands, one_value_twice, constants,
    in_between,
]  # fmt: skip


@pytest.mark.parametrize("program", BRANCHES, ids=lambda program: program.__name__)
def test_both_branches_agree(program: Program, proven: Proof) -> None:
    exported = proven(program, X, also=(UP, DOWN, (X.abs() * 0.01,)))

    assert any(node.op_type == "If" for node in exported.model.graph.all_nodes())


def test_a_branch_decides_by_an_integer_input(proven: Proof) -> None:
    proven(
        lambda model, x, n: cond(n > 2, lambda x: x * 2, lambda x: x - 1, (x,)),
        X,
        torch.tensor(3),
        also=((X, torch.tensor(1)),),
    )


def test_a_branch_uses_a_dynamic_size(proven: Proof) -> None:
    proven(
        lambda model, x: cond(x.sum() > 0, lambda x: x * x.shape[0], lambda x: x - 1, (x,)),
        X,
        also=((torch.ones(7, 4),), (-torch.ones(7, 4),)),
        dynamic_shapes=(({0: "batch"},),),
    )


def test_a_branch_decides_by_a_dynamic_size(proven: Proof) -> None:
    proven(
        lambda model, x: cond(x.shape[0] > 4, lambda x: x * 2, lambda x: x - 1, (x,)),
        X,
        also=((torch.ones(7, 4),), (torch.ones(2, 4),)),
        dynamic_shapes=(({0: "batch"},),),
    )


def integer_carry(model: Model, x: torch.Tensor) -> Any:
    return while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 1.1 + model.shift), (0, x))


def tensor_carry(model: Model, x: torch.Tensor) -> Any:
    return while_loop(lambda i, x: (i < 5) & (x.sum() < 10), lambda i, x: (i + 1, x + 1), (torch.tensor(0), x))


def loop_over_parameters(model: Model, x: torch.Tensor) -> Any:
    return while_loop(
        lambda i, x: i < 3, lambda i, x: (i + 1, model.linear(x).relu() + model.scale), (torch.tensor(0), x)
    )


def branch_in_a_loop(model: Model, x: torch.Tensor) -> Any:
    def body(i: torch.Tensor, x: torch.Tensor) -> Any:
        return i + 1, cond(x.sum() > 0, lambda x: x - 1, lambda x: x + 0.7, (x,))

    return while_loop(lambda i, x: i < 4, body, (torch.tensor(0), x))


def loop_in_a_branch(model: Model, x: torch.Tensor) -> Any:
    def up(x: torch.Tensor) -> Any:
        return while_loop(lambda i, x: i < 4, lambda i, x: (i + 1, x * 0.9 + model.scale), (torch.tensor(0), x))[1]

    return cond(x.sum() > 0, up, lambda x: x * 3, (x,))


LOOPS = [integer_carry, tensor_carry, loop_over_parameters, branch_in_a_loop, loop_in_a_branch]


@pytest.mark.parametrize("program", LOOPS, ids=lambda program: program.__name__)
def test_loops_agree(program: Program, proven: Proof) -> None:
    exported = proven(program, X, also=(UP, DOWN, (X + 100,)))

    assert any(node.op_type == "Loop" for node in exported.model.graph.all_nodes())


def test_a_loop_runs_as_often_as_its_input_says_even_never(proven: Proof) -> None:
    proven(
        lambda model, x, n: while_loop(lambda i, x: i < n, lambda i, x: (i + 1, x + 1), (torch.tensor(0), x)),
        X,
        torch.tensor(3),
        also=((X, torch.tensor(0)), (X, torch.tensor(7))),
    )


def test_a_loop_runs_over_a_dynamic_size(proven: Proof) -> None:
    proven(
        lambda model, x: while_loop(lambda i, x: i < x.shape[0], lambda i, x: (i + 1, x + 1), (torch.tensor(0), x)),
        X,
        also=((torch.ones(6, 4),),),
        dynamic_shapes=(({0: "batch"},),),
    )


def running_sum(model: Model, x: torch.Tensor) -> Any:
    return scan_rows(lambda total, row: (total + row, total * 2), torch.zeros(4), x, dim=0)


def running_sum_backwards(model: Model, x: torch.Tensor) -> Any:
    return scan_rows(lambda total, row: (total + row, total * 2), torch.zeros(4), x, dim=0, reverse=True)


def running_sum_of_columns(model: Model, x: torch.Tensor) -> Any:
    return scan_rows(lambda total, column: (total + column, total * 2), torch.zeros(3), x, dim=1)


def recurrent(model: Model, x: torch.Tensor) -> Any:
    return scan_rows(
        lambda state, row: (torch.tanh(model.linear(state) + row), state * model.scale), torch.zeros(4), x, dim=0
    )


def carried_and_stacked(model: Model, x: torch.Tensor) -> Any:
    return scan_rows(lambda total, row: (total + row, (total + row).clone()), torch.zeros(4), x, dim=0)


def nested_state(model: Model, x: torch.Tensor) -> Any:
    def step(state: dict[str, torch.Tensor], rows: tuple[torch.Tensor, torch.Tensor]) -> Any:
        total = {"sum": state["sum"] + rows[0], "count": state["count"] + 1}
        return total, (rows[0] * state["count"], rows[1] + 1)

    return scan_rows(step, {"sum": torch.zeros(4), "count": torch.tensor(0)}, (x, x * 2), dim=0)


def branch_in_a_scan(model: Model, x: torch.Tensor) -> Any:
    def step(total: torch.Tensor, row: torch.Tensor) -> Any:
        return cond(row.sum() > 0, lambda t, r: t + r, lambda t, r: t - r, (total, row)), total * 2

    return scan_rows(step, torch.zeros(4), x, dim=0)


def mapped(model: Model, x: torch.Tensor) -> Any:
    return map_rows(lambda row, scale: row * 2 + scale, x, model.scale)


def mapped_over_parameters(model: Model, x: torch.Tensor) -> Any:
    return map_rows(lambda row: model.linear(row), x)


SCANS = [
    running_sum, running_sum_backwards, running_sum_of_columns, recurrent, carried_and_stacked, nested_state,
    branch_in_a_scan, mapped, mapped_over_parameters,
]  # fmt: skip


@pytest.mark.parametrize("program", SCANS, ids=lambda program: program.__name__)
def test_scans_and_maps_agree(program: Program, proven: Proof) -> None:
    exported = proven(program, X, also=(UP, DOWN))

    assert any(node.op_type == "Scan" for node in exported.model.graph.all_nodes())


def test_a_map_runs_over_a_dynamic_size(proven: Proof) -> None:
    proven(
        lambda model, x: map_rows(lambda row: model.linear(row).cumsum(0), x),
        X,
        also=((torch.ones(7, 4),), (torch.ones(1, 4),)),
        dynamic_shapes=(({0: "batch"},),),
    )


def sums(x: torch.Tensor) -> Any:
    return associative_scan(lambda a, b: a + b, x, dim=0, combine_mode="generic")


def products_of_columns(x: torch.Tensor) -> Any:
    return associative_scan(lambda a, b: a * b, x, dim=1, combine_mode="generic")


def linear_recurrence(x: torch.Tensor) -> Any:
    return associative_scan(lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), (x, x + 1), dim=0, combine_mode="generic")


@pytest.mark.parametrize("program", [sums, products_of_columns, linear_recurrence], ids=lambda each: each.__name__)
def test_associative_scans_agree(program: Program, proven: Proof) -> None:
    proven(lambda model, x: program(x), X, also=(UP, DOWN))


def test_an_associative_scan_that_torch_unrolls_says_that_its_size_is_fixed() -> None:
    class Maxima(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return associative_scan(torch.maximum, x, dim=0, combine_mode="generic")

    exported = onnxdx.export(Maxima(), (X,), dynamic_shapes=({0: "batch"},))

    assert [finding.id for finding in exported.report.findings] == ["DX605"]
    assert exported.report.verdict.outcome is VerdictOutcome.DIFFERS
