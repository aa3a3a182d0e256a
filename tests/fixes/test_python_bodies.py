"""Custom operators whose Python body becomes an ONNX function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from opaque import opaque

from onnxdx_diagnostics.fix import Applicability


@torch.library.custom_op("fixes::mirror", mutates_args=())
def mirror(x: torch.Tensor, factor: float) -> torch.Tensor:
    return torch.cat([x, x.flip(-1) * (factor + 1)], -1)


@mirror.register_fake
def _(x: torch.Tensor, factor: float) -> torch.Tensor:
    return x.new_empty(*x.shape[:-1], 2 * x.shape[-1])


@torch.library.custom_op("fixes::rms", mutates_args=())
def rms(x: torch.Tensor, weight: torch.Tensor | None = None, eps: float = 1e-5) -> tuple[torch.Tensor, torch.Tensor]:
    scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    normed = x * scale
    return normed if weight is None else normed * weight, scale


@rms.register_fake
def _(x: torch.Tensor, weight: torch.Tensor | None = None, eps: float = 1e-5) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.empty_like(x), x.new_empty(*x.shape[:-1], 1)


@torch.library.custom_op("fixes::unknown", mutates_args=())
def unknown(x: torch.Tensor) -> torch.Tensor:
    return opaque(x * 2)


@unknown.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("fixes::depends_on_size", mutates_args=())
def depends_on_size(x: torch.Tensor) -> torch.Tensor:
    return x * 2 if x.shape[0] > 3 else x * 3


@depends_on_size.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("fixes::normed_swish", mutates_args=())
def normed_swish(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    y = x * torch.sigmoid(x)
    return torch.nn.functional.layer_norm(y, (y.shape[-1],), weight)


@normed_swish.register_fake
def _(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


def test_optional_outputs_of_an_operator_are_no_results(run: Callable[..., Any]) -> None:
    failing = run(lambda x: normed_swish(x, torch.ones(8)), torch.randn(4, 8))

    fix, after = failing.fixed()

    assert "layer_norm, _, _ = op.LayerNormalization(" in fix.diff
    assert after.agrees(torch.randn(4, 8))


def test_a_body_becomes_a_function_a_person_could_have_written(run: Callable[..., Any]) -> None:
    failing = run(lambda x: mirror(x, 0.5), torch.randn(4, 8))

    fix, after = failing.fixed()

    assert "def mirror(x, factor: float):" in fix.diff
    assert "op.Concat(x, mul, axis=-1)" in fix.diff
    assert "Agrees with eager on the values of the model" in fix.proof
    assert after.agrees(torch.randn(4, 8))


def test_a_function_takes_other_numbers_than_it_was_made_for(run: Callable[..., Any]) -> None:
    fix, _ = run(lambda x: mirror(x, 0.5), torch.randn(4, 8)).fixed()

    other = run(lambda x: mirror(x, -2.0), torch.randn(3, 2, 5)).with_fix(fix)

    assert other.report.findings == ()
    assert other.agrees(torch.randn(3, 2, 5))


def test_a_model_with_an_open_size_stays_open(run: Callable[..., Any]) -> None:
    failing = run(lambda x: mirror(x, 0.5), torch.randn(4, 8), dynamic_shapes=(({0: torch.export.Dim("batch")},),))

    _, after = failing.fixed()

    assert after.agrees(torch.randn(7, 8))


def test_uses_that_differ_become_branches_of_one_function(run: Callable[..., Any]) -> None:
    def twice(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return rms(rms(x, weight)[0], None, 0.1)[0]

    fix, after = run(twice, torch.randn(4, 8), torch.randn(8)).fixed()

    assert "weight is None" in fix.diff
    assert after.agrees(torch.randn(4, 8), torch.randn(8))


def test_a_body_outside_of_torch_gets_no_function_and_the_reason(run: Callable[..., Any]) -> None:
    (fix,) = run(lambda x: unknown(x), torch.randn(4)).fixes()

    assert fix.applicability is Applicability.MANUAL
    assert "its own Python body" in fix.text or "own Python body: it cannot be traced" in fix.text


def test_a_body_that_branches_on_a_size_is_limited_to_that_branch(run: Callable[..., Any]) -> None:
    fix, _ = run(lambda x: depends_on_size(x), torch.randn(4, 2)).fixed()

    other = run(lambda x: depends_on_size(x), torch.randn(2, 2)).with_fix(fix)

    assert other.report.findings[0].id == "DX411"
    assert "this is for `x.shape[0] > 3`" in other.report.findings[0].message()


def test_a_body_that_branches_on_an_open_size_is_not_proven(run: Callable[..., Any]) -> None:
    batch = {0: torch.export.Dim("batch", min=2)}

    (fix,) = run(lambda x: depends_on_size(x), torch.randn(4, 2), dynamic_shapes=((batch,),)).fixes()

    assert fix.applicability is Applicability.MANUAL


@torch.library.custom_op("fixes::moved", mutates_args=())
def moved(x: torch.Tensor, steps: int) -> torch.Tensor:
    return x.roll(steps, 0) * 2 + steps


@moved.register_fake
def _(x: torch.Tensor, steps: int) -> torch.Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("fixes::largest_two", mutates_args=())
def largest_two(x: torch.Tensor) -> torch.Tensor:
    values, places = x.topk(2, -1)
    return torch.full_like(x, -1e9).scatter(-1, places, values).softmax(-1)


@largest_two.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


def test_a_number_that_the_model_computes_stays_open(run: Callable[..., Any]) -> None:
    batch = {0: torch.export.Dim("batch")}

    fix, after = run(lambda x: moved(x, x.shape[0] // 2), torch.randn(6, 4), dynamic_shapes=((batch,),)).fixed()

    assert "def moved(x, steps):" in fix.diff
    assert after.agrees(torch.randn(9, 4))


def test_of_equal_elements_a_body_may_pick_others_than_eager_and_says_so(run: Callable[..., Any]) -> None:
    fix, after = run(lambda x: largest_two(x), torch.randn(3, 5)).fixed()

    assert "Differs from eager for zeros" in fix.proof
    assert after.agrees(torch.randn(3, 5))


def test_code_that_is_wrong_for_another_dtype_refuses_it(run: Callable[..., Any]) -> None:
    fix, _ = run(lambda x: largest_two(x), torch.randn(3, 5)).fixed()

    other = run(lambda x: largest_two(x), torch.randn(3, 5, dtype=torch.float64)).with_fix(fix)

    assert "this is for `x` of FLOAT" in other.report.findings[0].message()


def test_placeholders_that_differ_in_a_number_only_are_kept_apart(run: Callable[..., Any]) -> None:
    failing = run(lambda x: moved(x, 1) + moved(x, 2), torch.randn(3, 5))

    assert {finding.id for finding in failing.report.findings} == {"DX301"}
