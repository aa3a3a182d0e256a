"""Python bodies of custom operators of every kind that has a form in ONNX, however they were registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from onnxdx_diagnostics.fix import Applicability

LIBRARY = torch.library.Library("fixes_library", "DEF")


def of_shape_of_x(x: torch.Tensor, *others: Any, **more: Any) -> torch.Tensor:
    return torch.empty_like(x)


def operator(body: Callable[..., Any]) -> Any:
    made = torch.library.custom_op(f"fixes::{body.__name__}", body, mutates_args=())
    made.register_fake(of_shape_of_x)
    return made


@operator
def activated(x: torch.Tensor, bias: torch.Tensor | None, slope: float | None, kind: str) -> torch.Tensor:
    if bias is not None:
        x = x + bias
    return torch.relu(x) if kind == "relu" else torch.nn.functional.leaky_relu(x, slope if slope is not None else 0.5)


@operator
def divided(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    if x.is_floating_point():
        return x / other
    return x & other if x.dtype is torch.bool else x // other.clamp(min=1)


@operator
def moments(x: torch.Tensor, powers: Sequence[int], weights: Sequence[float]) -> torch.Tensor:
    return torch.stack([weight * x**power for power, weight in zip(powers, weights, strict=True)]).sum(0)


@operator
def painted(x: torch.Tensor, value: float) -> torch.Tensor:
    y = x.clone()
    y[:, ::2] = value
    y.clamp_(-1, 1).add_(1)
    y[y > 1.5] = 0
    return y


@operator
def shrunk(x: torch.Tensor, limit: float) -> torch.Tensor:
    return torch.cond(x.norm() > limit, lambda x: x / x.norm() * limit, lambda x: x.clone(), (x,))


@operator
def limited(x: torch.Tensor, limit: float) -> torch.Tensor:
    size = x.norm()
    if size > limit:
        return x / size * limit
    y = x.clone()
    if not (x > 0).any():
        y.mul_(-1)
    return y


@operator
def halved(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    while y.norm() > 1:
        y = y / 2
    return y


@operator
def gained(x: torch.Tensor, factor: float) -> torch.Tensor:
    return shrunk(x, factor) * factor + painted(x, factor)


@torch.library.custom_op("fixes::above", mutates_args=())
def above(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x.amax(-1) > 0, x.argmax(-1).to(torch.int32)


@above.register_fake
def _(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x.new_empty(x.shape[:-1], dtype=torch.bool), x.new_empty(x.shape[:-1], dtype=torch.int32)


LIBRARY.define("leaning(Tensor x, *, float slope=0.1) -> Tensor")
LIBRARY.define("joined(Tensor[] parts, Tensor places) -> Tensor")
LIBRARY.impl("leaning", lambda x, *, slope=0.1: torch.where(x > 0, x, x * slope), "CompositeExplicitAutograd")


@torch.library.impl(LIBRARY, "joined", "CPU")
def joined(parts: list[torch.Tensor], places: torch.Tensor) -> torch.Tensor:
    return torch.cat([part[places] for part in parts], -1)


@torch.library.register_fake("fixes_library::joined")
def _(parts: list[torch.Tensor], places: torch.Tensor) -> torch.Tensor:
    return parts[0].new_empty(*places.shape, sum(part.shape[-1] for part in parts))


def test_each_way_of_leaving_arguments_out_is_a_case(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return activated(activated(activated(x, bias, None, "relu"), None, 0.25, "leaky"), None, None, "leaky")

    _, after = run(model, torch.randn(3, 4), torch.randn(4)).fixed()

    assert after.agrees(torch.randn(3, 4), torch.randn(4))


def test_code_for_other_dtypes_is_a_case_of_its_own(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor, n: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return divided(x, x + 9), divided(n, n.flip(0)), divided(x > 0, n > 2)

    fix, after = run(model, torch.randn(4, 3), torch.randint(0, 9, (4, 3))).fixed()

    assert "if x.dtype == ir.DataType.INT64" in fix.diff
    assert after.agrees(torch.randn(4, 3), torch.randint(0, 9, (4, 3)))


def test_lists_of_different_lengths_are_cases(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor) -> torch.Tensor:
        return moments(moments(x, [1, 2], [0.5, 0.1]), [1, 2, 3], [0.5, 0.1, 0.1 + 0.2])

    fix, after = run(model, torch.randn(4, 3)).fixed()

    assert "len(powers) == 3" in fix.diff
    assert after.agrees(torch.randn(4, 3))


def test_a_function_for_lists_refuses_longer_ones(run: Callable[..., Any]) -> None:
    fix, _ = run(lambda x: moments(x, [1, 2], [0.5, 0.1]), torch.randn(4, 3)).fixed()

    other = run(lambda x: moments(x, [1, 2, 3], [0.5, 0.1, 2.0]), torch.randn(4, 3)).with_fix(fix)

    assert "this is for `powers` with 2 items" in other.report.findings[0].message()


def test_writes_inside_of_a_body_leave_sizes_open(run: Callable[..., Any]) -> None:
    batch = {0: torch.export.Dim("batch")}

    _, after = run(lambda x: painted(x, 0.75), torch.randn(4, 6), dynamic_shapes=((batch,),)).fixed()

    assert after.agrees(torch.randn(7, 6))


def test_a_branch_of_a_body_is_a_choice_of_both_sides(run: Callable[..., Any]) -> None:
    _, after = run(lambda x: shrunk(x, 2.0), torch.randn(4, 6)).fixed()

    assert after.agrees(torch.randn(4, 6) * 10)
    assert after.agrees(torch.randn(4, 6) / 100)


def test_decisions_of_a_body_are_choices_too(run: Callable[..., Any]) -> None:
    _, after = run(lambda x: limited(x, 2.0), torch.randn(4, 6)).fixed()

    assert after.agrees(torch.randn(4, 6) * 10)
    assert after.agrees(torch.rand(4, 6) / 100)
    assert after.agrees(-torch.rand(4, 6) / 100)


def test_a_body_that_loops_until_data_says_so_has_no_function(run: Callable[..., Any]) -> None:
    (fix,) = run(lambda x: halved(x), torch.randn(4, 6)).fixes()

    assert fix.applicability is Applicability.MANUAL
    assert "decides on the values of tensors too often" in fix.text


def test_a_body_may_call_other_operators_with_bodies(run: Callable[..., Any]) -> None:
    _, after = run(lambda x: gained(x, 1.5), torch.randn(4, 6)).fixed()

    assert after.agrees(torch.randn(4, 6) * 3)


def test_results_may_be_truth_values_and_integers(run: Callable[..., Any]) -> None:
    _, after = run(lambda x: above(x), torch.randn(4, 6)).fixed()

    assert after.agrees(torch.randn(4, 6))


def test_a_kernel_of_a_library_is_found(run: Callable[..., Any]) -> None:
    _, after = run(lambda x: torch.ops.fixes_library.leaning(x, slope=0.3), torch.randn(4, 6)).fixed()

    assert after.agrees(torch.randn(4, 6))


def test_a_kernel_of_a_library_may_take_a_list_of_tensors(run: Callable[..., Any]) -> None:
    def model(table: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        return torch.ops.fixes_library.joined([table, table * 2], places)

    _, after = run(model, torch.randn(5, 2), torch.tensor([0, 3, 1])).fixed()

    assert after.agrees(torch.randn(5, 2), torch.tensor([2, 2, 4]))
