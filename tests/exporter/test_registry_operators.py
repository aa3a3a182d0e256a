"""The registry as a value: what it finds, what it refuses, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnxscript import opset18 as op
from onnxscript import script

from onnxdx import OnnxRegistry, RegistrationError
from onnxdx.compat.torch_operators import schema
from onnxdx.registry import overload_named
from onnxdx.user_functions.operator_signatures import WITHOUT_MEANING, misfits

# What onnxdx itself may leave out, because it knows the calls: a dropout in eval mode, a determinant alone.
LOOSE = {"aten::dropout", "aten::cudnn_grid_sampler", "aten::_linalg_det", "prims::var", "torchvision::roi_pool"}


def gelu(x: Any, approximate: str = "none") -> Any:
    return op.Gelu(x, approximate=approximate)


def gelu_again(x: Any, approximate: str = "none") -> Any:
    return op.Gelu(x, approximate="tanh")


@script(default_opset=op)
def one_result(x):  # type: ignore[no-untyped-def]
    return op.Relu(x)


def test_the_known_api_registers_in_place() -> None:
    registry = OnnxRegistry()
    registry.register_op(function=gelu, namespace="aten", op_name="gelu")

    assert registry.is_registered_op("aten", "gelu")
    (first, *_) = registry.get_op_functions("aten", "gelu") or []
    assert (first.name, first.is_users) == ("gelu", True)
    assert registry.get_op_functions("aten", "no_such_operator") is None
    assert registry.opset_version == 20


def test_lookup_is_by_overload_and_by_name() -> None:
    registry = OnnxRegistry()

    assert registry.entries(torch.ops.aten.add.Tensor) == registry.entries("aten::add.Tensor") != ()
    assert torch.ops.aten.add.Tensor in registry
    assert registry.is_registered_op("aten", "add", "Tensor")
    assert "aten::add.Tensor" in list(registry)
    assert registry.entries("aten::relu.default") == registry.entries(torch.ops.aten.relu.default)


def test_a_registry_made_from_another_leaves_it_as_it_is() -> None:
    plain = OnnxRegistry()
    own = plain.with_op("aten::gelu", gelu)
    derived = own.with_op("aten::relu", lambda x: op.Relu(x))
    own.register_op(gelu_again, "aten", "gelu")

    assert not plain.user
    assert [entry.name for entry in derived.entries("aten::gelu") if entry.is_users] == ["gelu"]


def test_the_decorator_leaves_the_function_as_it_is() -> None:
    registry = OnnxRegistry()

    assert registry.op("aten::gelu")(gelu) is gelu
    assert registry.op("aten::relu")(one_result) is one_result
    assert [registry.entries(name)[0].name for name in ("aten::gelu", "aten::relu")] == ["gelu", "one_result"]


def test_an_entry_says_what_it_is() -> None:
    (entry, *others) = OnnxRegistry().with_op("aten::gelu", gelu).entries("aten::gelu")

    assert entry.origin == f"{__file__}:{gelu.__code__.co_firstlineno}"
    assert (entry.domain, entry.complex, entry.since) == ("", False, 18)
    assert entry.stops.startswith("torch.")
    assert entry.stops.endswith(".gelu")
    assert {other.origin for other in others} <= {"torchlib", "onnxdx"}
    assert OnnxRegistry().with_op("aten::relu", one_result).entries("aten::relu")[0].domain == one_result.opset.domain


def test_of_two_functions_the_later_wins_and_the_difference_says_so() -> None:
    registry = OnnxRegistry().with_op("aten::gelu", gelu).with_op("aten::gelu", gelu_again)

    (change,) = OnnxRegistry().diff(registry)

    assert change.operator == "aten::gelu"
    assert change.after[0].name == "gelu_again"
    assert str(change).startswith("aten::gelu: gelu_again (")
    assert "in place of torchlib aten_gelu" in str(change) or "in place of onnxdx" in str(change)
    assert "gelu (" in str(change).partition("in place of")[2]
    assert "wins" in str(change)


def test_a_removed_operator_is_decomposed_again() -> None:
    registry = OnnxRegistry().without_op(torch.ops.aten.gelu)

    assert "aten::gelu" not in registry
    assert "aten::gelu" not in list(registry)
    (change,) = OnnxRegistry().diff(registry)
    assert str(change).startswith("aten::gelu: no function in place of ")
    assert registry.with_op("aten::gelu", gelu).entries("aten::gelu")[0].name == "gelu"
    with pytest.raises(LookupError, match="aten::gelu"):
        OnnxRegistry().without_op("aten::gellu")


def test_of_two_registries_the_later_comes_first() -> None:
    first = OnnxRegistry().with_op("aten::gelu", gelu)
    later = OnnxRegistry().without_op("aten::relu").with_op("aten::gelu", gelu_again)

    both = first.joined(later)

    assert [entry.name for entry in both.entries("aten::gelu") if entry.is_users] == ["gelu_again", "gelu"]
    assert "aten::relu" not in both


@pytest.mark.parametrize(
    ("operator", "function", "said"),
    [
        ("aten::gelu", lambda x, aproximate="none": x, "has no `aproximate`, but `approximate`"),
        ("aten::relu", lambda: op.Constant(value_float=0.0), "it has no parameter for `self`"),
        ("aten::relu", lambda x, slope: x, "nothing to give for its parameter `slope`"),
        (
            "aten::div.Tensor_mode",
            lambda other, self, rounding_mode: self,
            "`other` stands where the operator has `self`",
        ),
        ("aten::native_layer_norm", one_result, "it returns 1 value, and the operator 3"),
    ],
)
def test_a_function_that_can_never_match_is_refused(operator: str, function: Any, said: str) -> None:
    with pytest.raises(RegistrationError) as refused:
        OnnxRegistry().with_op(operator, function)

    assert said in str(refused.value)
    assert f"{__file__}:" in str(refused.value)
    assert operator.replace(".default", "") in str(refused.value)


def test_an_attribute_of_another_type_is_refused() -> None:
    def clamp(x: Any, p: int, dim: str, keepdim: bool = False) -> Any:
        return x

    with pytest.raises(RegistrationError, match="`dim` takes a str, and `dim` is of type List"):
        OnnxRegistry().with_op("aten::norm.ScalarOpt_dim", clamp)


def test_every_function_of_torchlib_and_of_onnxdx_is_accepted() -> None:
    registry = OnnxRegistry()
    wrong = {
        name: reasons
        for name in registry
        if not name.startswith(("_operator::", "math::")) and (target := overload_named(name)) is not None
        for entry in registry.entries(name)
        if (reasons := tuple(misfits(target, entry.function)))
    }

    assert set(wrong) <= LOOSE, wrong


def operators() -> Iterator[str]:
    for name in OnnxRegistry():
        target = overload_named(name) if name.startswith("aten::") else None
        if target is not None and schema(target).arguments:
            yield name


@given(st.sampled_from(sorted(operators())), st.data())
def test_a_function_fits_by_the_schema_and_not_without_a_needed_argument(name: str, data: st.DataObject) -> None:
    target = overload_named(name)
    assert target is not None
    arguments = schema(target).arguments
    names = [argument.name for argument in arguments]

    OnnxRegistry().with_op(name, function_of(names))

    needed = [
        argument.name
        for argument in arguments
        if not argument.has_default_value()
        and not str(argument.type).startswith("Optional")
        and argument.name not in WITHOUT_MEANING
    ]
    if needed:
        left_out = data.draw(st.sampled_from(needed))
        with pytest.raises(RegistrationError):
            OnnxRegistry().with_op(name, function_of([each for each in names if each != left_out]))


def function_of(names: list[str]) -> Any:
    """A function of these parameters; names that are words of Python get an underscore, as ONNX functions do it."""
    return eval(f"lambda {', '.join(names)}: None".replace("from,", "from_,").replace("from:", "from_:"))
