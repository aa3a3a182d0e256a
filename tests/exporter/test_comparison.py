"""The comparison behind the verdict: what is equal agrees, and one wrong element is found, at every scale."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from onnxdx.verification.comparison import compare

FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]
EXACT = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]
RELATIVE = {torch.float64: 1e-6, torch.float32: 1e-3, torch.float16: 5e-2, torch.bfloat16: 2e-1}
numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(numbers, max_size=12), st.sampled_from(FLOATS))
def test_a_tensor_agrees_with_itself(values: list[float], dtype: torch.dtype) -> None:
    tensor = torch.tensor(values, dtype=torch.float32).to(dtype)

    comparison = compare(tensor.clone(), tensor)

    assert comparison.agrees
    assert comparison.max_abs == 0


@given(st.lists(st.integers(-128, 127), max_size=12), st.sampled_from(EXACT))
def test_an_exact_tensor_agrees_with_itself(values: list[int], dtype: torch.dtype) -> None:
    tensor = torch.tensor(values).to(dtype)

    assert compare(tensor.clone(), tensor).agrees


@given(
    st.lists(st.floats(0.5, 2), min_size=1, max_size=12),
    st.data(),
    st.floats(-20, 20),
    st.sampled_from([torch.float64, torch.float32]),
)
def test_one_wrong_element_is_found_at_any_scale(
    values: list[float], data: st.DataObject, exponent: float, dtype: torch.dtype
) -> None:
    eager = (torch.tensor(values, dtype=torch.float64) * 10**exponent).to(dtype)
    onnx = eager.clone()
    onnx[data.draw(st.integers(0, len(values) - 1))] *= 1 + data.draw(st.sampled_from([1, -1])) * RELATIVE[dtype]

    comparison = compare(onnx, eager)

    assert not comparison.agrees
    assert comparison.max_abs > 0


@given(st.lists(st.floats(0.5, 2), min_size=1, max_size=12), st.data(), st.sampled_from(list(RELATIVE)))
def test_one_element_that_is_off_by_the_rounding_of_its_type_agrees(
    values: list[float], data: st.DataObject, dtype: torch.dtype
) -> None:
    eager = torch.tensor(values, dtype=torch.float64).to(dtype)
    onnx = eager.clone()
    onnx[data.draw(st.integers(0, len(values) - 1))] *= 1 + 2 * torch.finfo(dtype).eps

    assert compare(onnx, eager).agrees


@given(st.lists(numbers, min_size=1, max_size=8), st.data(), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_nan_and_inf_are_found_where_eager_has_another_value(
    values: list[float], data: st.DataObject, wrong: float
) -> None:
    eager = torch.tensor(values, dtype=torch.float32)
    place = data.draw(st.integers(0, len(values) - 1))
    onnx = eager.clone()
    onnx[place] = wrong

    same = bool(torch.isnan(eager[place])) if math.isnan(wrong) else bool(eager[place] == wrong)
    assert compare(onnx, eager).agrees is same


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=8), st.data())
def test_integers_are_exact(values: list[int], data: st.DataObject) -> None:
    eager = torch.tensor(values)
    onnx = eager.clone()
    onnx[data.draw(st.integers(0, len(values) - 1))] += data.draw(st.sampled_from([-1, 1]))

    comparison = compare(onnx, eager)

    assert "1 of" in comparison.numbers
    assert comparison.max_abs == 1


def test_a_small_element_beside_a_mask_is_not_excused() -> None:
    eager = torch.tensor([-3.4e38, 1.0])

    assert not compare(torch.tensor([-3.4e38, 1.1]), eager).agrees


def test_a_small_element_beside_a_large_one_is_noise() -> None:
    eager = torch.tensor([1.0, 1e-9])

    assert compare(torch.tensor([1.0, 2e-9]), eager).agrees
    assert not compare(torch.tensor([1.0, 1e-3]), eager).agrees


@pytest.mark.parametrize("value", [1e-30, 1e-45, 1.0])
def test_zeros_are_zeros(value: float) -> None:
    assert not compare(torch.tensor([0.0, value]), torch.zeros(2)).agrees


@pytest.mark.parametrize(
    ("onnx", "eager", "contract"),
    [
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64), "its dtype is f32, not f64"),
        (torch.zeros(2, dtype=torch.int32), torch.zeros(2, dtype=torch.int64), "its dtype is i32, not i64"),
        (torch.zeros(2), torch.zeros(2, dtype=torch.bool), "its dtype is f32, not bool"),
        (torch.zeros(2, 1), torch.zeros(2), "its shape is [2, 1], not [2]"),
        (torch.zeros(1), torch.tensor(0.0), "its shape is [1], not []"),
        (torch.zeros(0, 3), torch.zeros(0, 4), "its shape is [0, 3], not [0, 4]"),
        (torch.zeros(3), torch.zeros(3, dtype=torch.complex64), "its shape is [3], not [3, 2]"),
    ],
)
def test_dtype_and_shape_are_part_of_the_contract(onnx: torch.Tensor, eager: torch.Tensor, contract: str) -> None:
    assert compare(onnx, eager).contract == contract


def test_complex_tensors_are_compared_as_pairs() -> None:
    eager = torch.tensor([1 + 2j, 3 - 1j])

    assert compare(torch.tensor([[1.0, 2.0], [3.0, -1.0]]), eager).agrees
    assert compare(torch.tensor([[1.0, -2.0], [3.0, 1.0]]), eager.conj()).agrees
    assert not compare(torch.tensor([[1.0, 2.0], [3.0, 1.0]]), eager).agrees


def test_a_result_is_no_better_than_what_it_was_computed_in() -> None:
    eager = torch.tensor([1.0, 2.0])
    onnx = torch.tensor([1.003, 2.0])

    assert not compare(onnx, eager).agrees
    assert compare(onnx, eager, precision=torch.float16).agrees
