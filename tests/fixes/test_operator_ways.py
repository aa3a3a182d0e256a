"""Operators without an ONNX function, and the ways on which one is found for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from onnxscript import opset18 as op
from opaque import opaque

from onnxdx import ExportOptions, OnnxRegistry
from onnxdx_diagnostics.fix import Applicability

library = torch.library.Library("fixes_ways", "DEF")
library.define("scale.Tensor(Tensor x, Tensor factor) -> Tensor")
library.define("scale.Scalar(Tensor x, float factor) -> Tensor")
library.impl("scale.Tensor", lambda x, factor: x * factor, "CompositeExplicitAutograd")
library.impl("scale.Scalar", lambda x, factor: x * factor, "CompositeExplicitAutograd")
library.define("bias_gelu(Tensor x, Tensor bias) -> Tensor")
library.impl("bias_gelu", lambda x, bias: opaque(torch.nn.functional.gelu(x + bias)), "CPU")
torch.library.register_fake("fixes_ways::bias_gelu", lambda x, bias: torch.empty_like(x), lib=library)
library.define("softsign(Tensor x) -> Tensor")
library.impl("softsign", lambda x: opaque(x * 3), "CPU")
torch.library.register_fake("fixes_ways::softsign", lambda x: torch.empty_like(x), lib=library)
library.define("relu(Tensor x) -> Tensor")
library.impl("relu", lambda x: opaque(x.relu().clamp(max=6)), "CPU")
torch.library.register_fake("fixes_ways::relu", lambda x: torch.empty_like(x), lib=library)


def test_another_overload_stands_for_the_one_that_is_missing(run: Callable[..., Any]) -> None:
    registry = OnnxRegistry().with_op("fixes_ways::scale.Tensor", lambda x, factor: op.Mul(x, factor))
    options = ExportOptions(onnx_registry=registry)

    fix, after = run(lambda x: torch.ops.fixes_ways.scale(x, 0.5), torch.randn(2, 3), options=options).fixed()

    assert "def scale_Scalar(x, factor: float):" in fix.diff
    assert after.agrees(torch.randn(2, 3))


def test_a_function_for_real_tensors_serves_complex_ones_part_by_part(run: Callable[..., Any]) -> None:
    def picked(x: torch.Tensor, bins: torch.Tensor) -> torch.Tensor:
        return torch.view_as_real(torch.view_as_complex(x).gather(1, bins))

    bins = torch.tensor([[0, 3], [5, 1]])
    fix, after = run(picked, torch.rand(2, 8, 2), bins).fixed()

    assert '@registry.op("aten::gather", complex=True)' in fix.diff
    assert after.agrees(torch.rand(2, 8, 2), bins)


def test_an_operator_of_the_runtime_with_that_name_is_tried(run: Callable[..., Any]) -> None:
    failing = run(lambda x, bias: torch.ops.fixes_ways.bias_gelu(x, bias), torch.randn(3, 4), torch.randn(4))

    fix, after = failing.fixed()

    assert 'OnnxDomain("com.microsoft").BiasGelu(x, bias)' in fix.diff
    assert after.agrees(torch.randn(3, 4), torch.randn(4))


def test_an_operator_that_only_shares_its_name_with_one_of_onnx_is_not_taken_for_it(run: Callable[..., Any]) -> None:
    (fix,) = run(lambda x: torch.ops.fixes_ways.softsign(x), torch.randn(3, 4)).fixes()

    assert fix.applicability is Applicability.MANUAL
    assert "The operator `Softsign`: the values of the model: " in fix.text


def test_a_namesake_that_differs_far_from_the_values_of_the_model_is_no_fix(run: Callable[..., Any]) -> None:
    (fix,) = run(lambda x: torch.ops.fixes_ways.relu(x), torch.rand(3, 4)).fixes()

    assert fix.applicability is Applicability.MANUAL
    assert "The operator `Relu`: large values: " in fix.text


@pytest.mark.parametrize(
    ("program", "shape"),
    [
        (lambda x: torch.mode(x.round(), 0).values, (7, 3)),
        (lambda x: torch.nanmedian(x, -1, keepdim=True).values, (4, 6)),
        (lambda x: torch.special.modified_bessel_k1(x.abs() + 0.1), (6,)),
        (lambda x: torch.special.hermite_polynomial_h(x, torch.tensor([0, 1, 5])), (4, 3)),
        (lambda x: torch.linalg.inv(x @ x.mT + torch.eye(3)), (2, 3, 3)),
        (lambda x: torch.linalg.qr(x).R, (4, 3)),
    ],
    ids=["mode", "nanmedian", "bessel", "hermite", "inverse", "qr"],
)
def test_a_composition_that_ships_is_proven_and_agrees_on_inputs_of_its_own(
    run: Callable[..., Any], program: Callable[..., Any], shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    _, after = run(program, torch.randn(shape)).fixed()

    assert after.agrees(torch.randn(shape))


def test_a_function_for_what_an_operator_decomposes_into_will_do(run: Callable[..., Any]) -> None:
    fix, _ = run(lambda x: torch.linalg.solve(x @ x.mT + torch.eye(3), x), torch.randn(3, 3)).fixed()

    assert '@registry.op("aten::_linalg_solve_ex")' in fix.diff


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (lambda x: torch.empty_like(x).uniform_(), "it draws random numbers"),
        (lambda x: torch.linalg.eigvals(x).real, "its values come in an order that is LAPACK's choice"),
    ],
    ids=["random", "eigenvalues"],
)
def test_what_onnx_cannot_express_is_told_with_the_reason(
    run: Callable[..., Any], program: Callable[..., Any], why: str
) -> None:
    (fix,) = run(program, torch.rand(3, 3)).fixes()

    assert fix.applicability is Applicability.MANUAL
    assert why in fix.title


@torch.library.custom_op("fixes_ways::most", mutates_args=())
def most(x: torch.Tensor) -> int:
    return int(x.max())


@most.register_fake
def _(x: torch.Tensor) -> int:
    return torch.library.get_ctx().new_dynamic_size()


def test_a_whole_number_of_python_is_a_scalar_of_a_function_written_by_hand(run: Callable[..., Any]) -> None:
    def model(x: torch.Tensor) -> torch.Tensor:
        return torch.zeros(most(x)) + 1

    def whole(x: Any) -> Any:
        return op.Cast(op.ReduceMax(x, keepdims=0), to=7)

    (fix,) = run(model, torch.tensor([2.5, 4.5])).fixes()
    by_hand = run(
        model, torch.tensor([2.5, 4.5]), options=ExportOptions(onnx_registry=OnnxRegistry().with_op(most, whole))
    )

    assert "# result 1: i64[] = 4, for a number of Python" in fix.text
    assert by_hand.report.findings == ()
    assert by_hand.agrees(torch.tensor([7.5, 1.0]))


def test_the_last_resort_is_a_stub_of_what_is_known(run: Callable[..., Any]) -> None:
    (fix,) = run(lambda x: torch.ops.fixes_ways.softsign(x), torch.ones(3, 4)).fixes()

    assert '@registry.op("fixes_ways::softsign")' in fix.text
    assert "# x: f32[3, 4] = 1, 1, 1, ..." in fix.text
    assert "# result 1: f32[3, 4] = 3, 3, 3, ..." in fix.text


def test_whole_numbers_have_a_common_divisor(run: Callable[..., Any]) -> None:
    def draw() -> tuple[torch.Tensor, torch.Tensor]:
        return torch.randint(-90, 90, (4, 5)), torch.randint(0, 90, (5,))

    batch = {0: torch.export.Dim("batch")}

    _, after = run(lambda x, y: (torch.gcd(x, y), torch.lcm(x, y)), *draw(), dynamic_shapes=((batch, {}),)).fixed()

    assert after.agrees(*draw())
    assert after.agrees(torch.zeros(2, 5, dtype=torch.int64), torch.zeros(5, dtype=torch.int64))


def test_bytes_are_multiplied(run: Callable[..., Any]) -> None:
    def draw() -> torch.Tensor:
        return torch.randint(-128, 128, (32, 8), dtype=torch.int8)

    _, after = run(lambda x: torch._int_mm(x, x.t()), draw()).fixed()

    assert after.agrees(draw())


def test_a_number_stands_where_another_overload_has_a_tensor(run: Callable[..., Any]) -> None:
    failing = run(lambda x: torch.special.hermite_polynomial_h(x, 4), torch.randn(3, 5))

    fix, after = failing.fixed()

    assert "n = op.CastLike(n, x)" in fix.diff
    assert after.agrees(torch.randn(3, 5))
