"""Custom operators that write into their arguments: an ONNX function returns what they write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from onnxscript import opset18 as op
from onnxscript import script
from torch import nn

import onnxdx
from onnxdx import ExportError, ExportOptions, OnnxRegistry, RegistrationError
from onnxdx_diagnostics.report import VerdictOutcome

registry = OnnxRegistry()


@torch.library.custom_op("writing_contract::add_to", mutates_args={"total"})
def add_to(total: torch.Tensor, x: torch.Tensor) -> None:
    total.add_(x)


@registry.op(add_to)
def _add_to(total: Any, x: Any) -> Any:
    return op.Add(total, x)


@torch.library.custom_op("writing_contract::average", mutates_args={"mean", "square"})
def average(mean: torch.Tensor, square: torch.Tensor, x: torch.Tensor, kept: float = 0.75) -> torch.Tensor:
    mean.mul_(kept).add_(x, alpha=1 - kept)
    square.mul_(kept).addcmul_(x, x, value=1 - kept)
    return x - mean


@average.register_fake
def _(mean: torch.Tensor, square: torch.Tensor, x: torch.Tensor, kept: float = 0.75) -> torch.Tensor:
    return torch.empty_like(x)


@registry.op(average)
def _average(mean: Any, square: Any, x: Any, kept: float = 0.75) -> Any:
    mean = op.Add(op.Mul(mean, kept), op.Mul(x, 1 - kept))
    square = op.Add(op.Mul(square, kept), op.Mul(op.Mul(x, x), 1 - kept))
    return op.Sub(x, mean), mean, square


@torch.library.custom_op("writing_contract::double", mutates_args={"copy"})
def double(x: torch.Tensor, copy: torch.Tensor | None = None) -> torch.Tensor:
    if copy is not None:
        copy.copy_(x)
    return x * 2


@double.register_fake
def _(x: torch.Tensor, copy: torch.Tensor | None = None) -> torch.Tensor:
    return torch.empty_like(x)


@registry.op(double)
def _double(x: Any, copy: Any = None) -> Any:
    return op.Mul(x, 2.0), None if copy is None else op.Identity(x)


@torch.library.custom_op("writing_contract::step", mutates_args={"weights", "moments"})
def step(weights: list[torch.Tensor], moments: list[torch.Tensor], grads: list[torch.Tensor], rate: float) -> None:
    for weight, moment, grad in zip(weights, moments, grads, strict=True):
        moment.mul_(0.5).add_(grad)
        weight.sub_(moment * rate)


@registry.op(step)
def _step(weights: Any, moments: Any, grads: Any, rate: float) -> Any:
    moved = [op.Add(op.Mul(moment, 0.5), grad) for moment, grad in zip(moments, grads, strict=True)]
    return *(op.Sub(weight, op.Mul(m, rate)) for weight, m in zip(weights, moved, strict=True)), *moved


torch.library.define("writing_contract::put", "(Tensor x, *, Tensor(a!) out, float by=1.0) -> ()")


@torch.library.impl("writing_contract::put", "CompositeExplicitAutograd")
def put(x: torch.Tensor, *, out: torch.Tensor, by: float = 1.0) -> None:
    out.copy_(x * by)


@registry.op("writing_contract::put")
def _put(x: Any, *, out: Any, by: float = 1.0) -> Any:
    return op.Mul(x, by)


torch.library.define("writing_contract::grow", "(Tensor(a!) x, Tensor by) -> ()")


@torch.library.impl("writing_contract::grow", "CompositeExplicitAutograd")
def grow(x: torch.Tensor, by: torch.Tensor) -> None:
    x.add_(1).mul_(by)


@registry.op("writing_contract::grow")
def _grow(x: Any, by: Any) -> Any:
    return op.Mul(op.Add(x, 1.0), by)


class Model(nn.Module):
    """A function of tensors with two buffers to write into."""

    def __init__(self, program: Callable[..., Any]) -> None:
        super().__init__()
        self.program = program
        self.register_buffer("row", torch.ones(4))
        self.register_buffer("table", torch.arange(24.0).view(2, 3, 4))

    def forward(self, x: torch.Tensor) -> Any:
        return self.program(self, x)


def intermediate(model: Any, x: torch.Tensor) -> Any:
    hidden = x * 2
    add_to(hidden, x)
    return hidden + 1


def buffer_twice(model: Any, x: torch.Tensor) -> Any:
    add_to(model.row, x)
    add_to(model.row, model.row * x)
    return model.row * 2


def the_input(model: Any, x: torch.Tensor) -> Any:
    add_to(x, model.row)
    return x * 2


def two_buffers(model: Any, x: torch.Tensor) -> Any:
    return average(model.row, model.table, x, 0.5) + model.row, model.table.sum(0)


def rows_of_one_buffer(model: Any, x: torch.Tensor) -> Any:
    return average(model.table[0, 0], model.table[1, 2], x), model.table * 1


def slices(model: Any, x: torch.Tensor) -> Any:
    add_to(model.table[:, 1:], x)
    add_to(model.table[1].t()[::2], x[:3])
    return model.table.sum(-1)


def maybe(model: Any, x: torch.Tensor) -> Any:
    hidden = x + 1
    return double(x), double(hidden, model.row), double(x, copy=hidden), hidden


def lists(model: Any, x: torch.Tensor) -> Any:
    weight, bias, moment = x + 1, x[:2] + 2, torch.zeros(2)
    step([weight, bias], [model.row, moment], [x, x[:2]], 0.1)
    return weight, bias, moment


def by_keyword(model: Any, x: torch.Tensor) -> Any:
    out = torch.zeros_like(x)
    torch.ops.writing_contract.put(x, out=out)
    torch.ops.writing_contract.put(x, by=3.0, out=model.row)
    return out


def exported(program: Callable[..., Any], x: torch.Tensor | None = None, **asked: Any) -> onnxdx.ONNXProgram:
    options = ExportOptions(onnx_registry=asked.pop("registry", registry))
    return onnxdx.export(Model(program), (torch.randn(4) if x is None else x,), options=options, **asked)


def said(error: ExportError, rule: str) -> str:
    """The message of the one finding of a rule."""
    (finding,) = (each for each in error.report.findings if each.id == rule)
    return finding.message()


def into_what_it_reads(model: Any, x: torch.Tensor) -> Any:
    hidden = x + 1
    torch.ops.writing_contract.put(hidden, by=3.0, out=hidden)
    torch.ops.writing_contract.put(model.row, out=model.row)
    return hidden


PROGRAMS = [
    intermediate,
    buffer_twice,
    the_input,
    two_buffers,
    rows_of_one_buffer,
    slices,
    maybe,
    lists,
    by_keyword,
    into_what_it_reads,
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_an_operator_writes_is_proven(program: Callable[..., Any]) -> None:
    assert exported(program).report.verdict.outcome is VerdictOutcome.PROVEN


def test_a_slice_of_open_size_is_written() -> None:
    def fill(model: Any, x: torch.Tensor) -> Any:
        add_to(model.table[0, : x.shape[0]], x)
        return model.table.sum(0)

    rows = torch.export.Dim("rows", max=3)

    program = exported(fill, torch.randn(2, 4), dynamic_shapes=({0: rows},))

    assert program.report.verdict.outcome is VerdictOutcome.PROVEN


def test_the_operator_writes_in_a_branch() -> None:
    def decide(model: Any, x: torch.Tensor) -> Any:
        def doubled(x: torch.Tensor) -> torch.Tensor:
            y = x.clone()
            torch.ops.writing_contract.put(x, by=2.0, out=y)
            return y

        return torch.cond(x.sum() > 0, doubled, lambda x: x - 1, (x,))

    assert exported(decide).report.verdict.outcome is VerdictOutcome.PROVEN


@pytest.mark.parametrize("functions", ["modules", "aten", "all"])
def test_the_operator_writes_in_a_function(functions: Any) -> None:
    model = nn.Sequential(Model(two_buffers))
    options = ExportOptions(onnx_registry=registry, functions=functions)

    assert onnxdx.export(model, (torch.randn(4),), options=options).report.verdict.outcome is VerdictOutcome.PROVEN


def test_arguments_that_share_elements_are_a_finding() -> None:
    def shared(model: Any, x: torch.Tensor) -> Any:
        table = x.repeat(3, 1)
        average(table[:2], table[1:], x.repeat(2, 1))
        return table

    with pytest.raises(ExportError) as caught:
        exported(shared)

    assert "two of the arguments that it writes into may share elements" in said(caught.value, "DX309")


def test_a_kernel_that_reads_what_it_has_written_is_never_proven() -> None:
    def squared(model: Any, x: torch.Tensor) -> Any:
        hidden = x + 1
        torch.ops.writing_contract.grow(hidden, hidden)
        return hidden

    program = exported(squared)

    assert program.report.verdict.outcome is VerdictOutcome.DIFFERS


def test_a_function_that_returns_too_little_is_told_what_is_expected() -> None:
    own = OnnxRegistry().with_op(average, lambda mean, square, x, kept=0.5: op.Sub(x, mean))

    with pytest.raises(ExportError) as caught:
        exported(two_buffers, registry=own)

    expected = "the result of the operator, then the new values of `mean` and `square`"
    assert f"3 are expected: {expected}" in said(caught.value, "DX412")


def test_a_script_that_returns_the_wrong_number_is_refused_at_once() -> None:
    @script(default_opset=op)
    def both(total, x):  # type: ignore[no-untyped-def]
        return op.Add(total, x), x

    with pytest.raises(
        RegistrationError, match="it returns 2 values, and the operator 1, which is the new value of `total`"
    ):
        OnnxRegistry().with_op(add_to, both)


def test_without_a_function_the_operator_is_told_with_what_it_writes() -> None:
    with pytest.raises(ExportError) as caught:
        exported(two_buffers, registry=OnnxRegistry())

    finding = next(each for each in caught.value.report.findings if each.id == "DX301")
    (fix,) = finding.fixes()
    assert "the new values of `mean` and `square`" in fix.title
