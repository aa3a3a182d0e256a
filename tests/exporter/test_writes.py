"""Programs that write in place: each is proven, or says a finding; none computes wrong numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import onnxdx
from onnxdx.graph.functional import locally_functional
from onnxdx.program import ONNXProgram
from onnxdx_diagnostics.report import VerdictOutcome

X = torch.linspace(-2, 3, 12).view(3, 4)
Model = Any
Program = Callable[..., Any]


def view_of_a_row(model: Model, x: torch.Tensor) -> Any:
    y = x * 2
    row = y[0]
    row.add_(1)
    return y


def residual(model: Model, x: torch.Tensor) -> Any:
    y = hidden = torch.relu(x)
    y += x
    return hidden * 2


def dropout_in_eval(model: Model, x: torch.Tensor) -> Any:
    hidden = x * 2
    dropped = F.dropout(hidden, 0.5, model.training, inplace=True)
    dropped += 1
    return hidden, dropped * 1


def chunks(model: Model, x: torch.Tensor) -> Any:
    y = x.clone()
    left, right = y.chunk(2, 1)
    left.mul_(2)
    right.sub_(1)
    return y, left + right


def split(model: Model, x: torch.Tensor) -> Any:
    y = x + 0
    y.split([1, 3], 1)[1].zero_()
    return y


def unbound(model: Model, x: torch.Tensor) -> Any:
    y = x.clone()
    rows = y.unbind(0)
    rows[1].add_(1)
    return y, rows[1] * 1


def out_argument(model: Model, x: torch.Tensor) -> Any:
    y = torch.empty_like(x)
    torch.add(x, 1, out=y)
    return y


def index_put(model: Model, x: torch.Tensor) -> Any:
    y = x.clone()
    y[torch.tensor([0, 2])] = 5.0
    y.index_put_((torch.tensor([1, 1]),), torch.ones(2, 4), accumulate=True)
    return y


def copied(model: Model, x: torch.Tensor) -> Any:
    y = torch.zeros(3, 4)
    y.copy_(x)
    return y


def column(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    y[:, 0] += 1
    return y


def transposed(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    y.t_()
    y += 1
    return y


def masked(model: Model, x: torch.Tensor) -> Any:
    y = x.clone()
    y[y > 0] = 0
    y.masked_fill_(y < -1, 7.0)
    return y


def old_name(model: Model, x: torch.Tensor) -> Any:
    first = x + 1
    second = first.relu_()
    between = first * 2
    second.mul_(3)
    return first - 1, between


def view_made_before(model: Model, x: torch.Tensor) -> Any:
    y = x + 1
    flat = y.view(-1)
    y.relu_()
    return flat


def view_written(model: Model, x: torch.Tensor) -> Any:
    y = x + 1
    y.view(-1).relu_()
    return y


def expanded(model: Model, x: torch.Tensor) -> Any:
    y = torch.zeros(1, 4)
    wide = y.expand(3, 4)
    y.add_(1)
    return wide + x


def to_the_same_dtype(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    y.to(torch.float32).add_(1)
    return y


def contiguous_already(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    y.contiguous().add_(1)
    return y


def reshaped(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    y.reshape(4, 3).add_(1)
    y.flatten().neg_()
    return y


def identity_module(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    nn.Identity()(y).add_(1)
    return y


def detached(model: Model, x: torch.Tensor) -> Any:
    y = x * 2
    y.detach().add_(1)
    return y


def slices(model: Model, x: torch.Tensor) -> Any:
    y = torch.zeros(5, 4)
    y[1:4] = x
    y[::2] *= 2
    return y


def diagonal(model: Model, x: torch.Tensor) -> Any:
    y = x.clone()
    y.diagonal().fill_(0)
    return y


def rows_swapped_badly(model: Model, x: torch.Tensor) -> Any:
    y = x.clone()
    y[0], y[1] = y[1], y[0]
    return y


def rows_in_a_loop(model: Model, x: torch.Tensor) -> Any:
    y = torch.zeros(3, 4)
    for row in range(3):
        y[row] = x[row] * row
    return y


def scattered(model: Model, x: torch.Tensor) -> Any:
    y = torch.zeros(3, 4)
    y.scatter_(1, torch.tensor([[0], [1], [2]]), x[:, :1])
    return y


def renamed_dims(model: Model, x: torch.Tensor) -> Any:
    y = x.clone()
    y.unsqueeze_(0)
    y.squeeze_(0)
    y.transpose_(0, 1)
    return y


def integers(model: Model, x: torch.Tensor) -> Any:
    y = torch.zeros(3, 4, dtype=torch.int64)
    y += x.long()
    y.mul_(2)
    return y


def booleans(model: Model, x: torch.Tensor) -> Any:
    mask = x > 0
    mask &= x < 1
    mask.logical_not_()
    return mask


def itself(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    y.add_(y)
    y.mul_(y.t()[:3, :3].sum())
    return y


def zeroed_after_use(model: Model, x: torch.Tensor) -> Any:
    y = x * 1
    z = y + 1
    y.zero_()
    return z, y


def real_and_imaginary(model: Model, x: torch.Tensor) -> Any:
    pairs = torch.view_as_complex(x.reshape(3, 2, 2).clone())
    pairs.mul_(2)
    return torch.view_as_real(pairs)


OWN_TENSORS = [
    view_of_a_row, residual, dropout_in_eval, chunks, split, unbound, out_argument, index_put, copied, column,
    transposed, masked, old_name, view_made_before, view_written, expanded, to_the_same_dtype, contiguous_already,
    reshaped, identity_module, detached, slices, diagonal, rows_swapped_badly, rows_in_a_loop, scattered, renamed_dims,
    integers, booleans, itself, zeroed_after_use, real_and_imaginary,
]  # fmt: skip


@pytest.mark.parametrize("program", OWN_TENSORS, ids=lambda program: program.__name__)
def test_writes_into_own_tensors_are_proven(program: Program, proven: Callable[..., ONNXProgram]) -> None:
    proven(program, X, also=((X.flip(0),), (X * 0.1,)))


def into_an_input(model: Model, x: torch.Tensor) -> Any:
    x.add_(1)
    return x * 2


def into_a_view_of_an_input(model: Model, x: torch.Tensor) -> Any:
    x[0].add_(1)
    return x.sum()


@pytest.mark.parametrize("program", [into_an_input, into_a_view_of_an_input], ids=lambda program: program.__name__)
def test_a_written_input_becomes_an_output_and_a_note(
    program: Program, proven: Callable[..., ONNXProgram], model: Callable[..., nn.Module]
) -> None:
    exported = proven(program, X.clone(), said=("DX414",))

    (binding,) = (each for each in exported.draft.outputs if each.source)
    assert binding.name == f"{exported.draft.inputs[0].name}.updated"


def into_a_buffer(model: Model, x: torch.Tensor) -> Any:
    model.shift.add_(x.sum(0))
    return x + model.shift


def into_a_parameter(model: Model, x: torch.Tensor) -> Any:
    model.scale.add_(1)
    return x + model.scale


@pytest.mark.parametrize(
    ("program", "state"), [(into_a_buffer, "shift"), (into_a_parameter, "scale")], ids=["buffer", "parameter"]
)
def test_written_state_becomes_an_output_and_a_note(
    program: Program, state: str, proven: Callable[..., ONNXProgram]
) -> None:
    exported = proven(program, X, said=("DX413",))

    assert [each.source for each in exported.draft.outputs] == ["", state]


def in_place_in_a_branch(model: Model, x: torch.Tensor) -> Any:
    def up(x: torch.Tensor) -> torch.Tensor:
        y = x.clone()
        y.add_(1)
        return y

    def down(x: torch.Tensor) -> torch.Tensor:
        y = x.clone()
        y[0] = 0
        return y

    return torch.cond(x.sum() > 0, up, down, (x,))


def data_of_a_parameter(model: Model, x: torch.Tensor) -> Any:
    model.scale.data.mul_(2)
    return x + model.scale


@pytest.mark.parametrize("program", [in_place_in_a_branch, data_of_a_parameter], ids=lambda program: program.__name__)
def test_a_write_that_cannot_be_expressed_is_a_finding(program: Program, model: Callable[..., nn.Module]) -> None:
    try:
        report = onnxdx.export(model(program), (X,)).report
    except onnxdx.ExportError as error:
        report = error.report

    assert report.verdict.outcome is not VerdictOutcome.DIFFERS
    assert report.findings or report.verdict.outcome is VerdictOutcome.PROVEN


def activation(model: Model, x: torch.Tensor) -> Any:
    return torch.relu_(model.linear(x)) + 1


@pytest.mark.parametrize(
    ("program", "local"),
    [(activation, True), (view_written, False), (residual, True), (view_made_before, False), (into_an_input, False)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_only_writes_into_fresh_tensors_need_no_retrace(
    program: Program, local: bool, model: Callable[..., nn.Module]
) -> None:
    graph = torch.export.export(model(program), (X.clone(),)).graph

    assert (locally_functional(graph) is not None) is local


def test_a_write_that_is_made_functional_keeps_its_line(proven: Callable[..., ONNXProgram]) -> None:
    exported = proven(activation, X)

    (relu,) = (node for node in exported.model.graph if node.op_type == "Relu")
    origin = exported.draft.origins[relu.metadata_props["onnxdx.id"]]
    assert origin.line is not None
    assert origin.line == (__file__, activation.__code__.co_firstlineno + 1)


Tensors = list[torch.Tensor]
STEPS: dict[str, Callable[[Tensors, int, int], Any]] = {
    "add": lambda known, a, b: known.append(known[a] + known[b]),
    "relu": lambda known, a, b: known.append(torch.relu(known[a])),
    "clone": lambda known, a, b: known.append(known[a].clone()),
    "same": lambda known, a, b: known.append(known[a]),
    "contiguous": lambda known, a, b: known.append(known[a].contiguous()),
    "row": lambda known, a, b: known.append(known[a][:1].expand(3, 3)),
    "transposed": lambda known, a, b: known.append(known[a].t()),
    "flipped": lambda known, a, b: known.append(known[a].flip(0)),
    "viewed": lambda known, a, b: known.append(known[a].reshape(9).view(3, 3)),
    "diagonal": lambda known, a, b: known.append(known[a].diagonal().unsqueeze(0) + known[b]),
    "dropout": lambda known, a, b: known.append(F.dropout(known[a], 0.5, False, inplace=True)),
    "add_": lambda known, a, b: known[a].add_(known[b].clone(), alpha=0.5),
    "tanh_": lambda known, a, b: known[a].tanh_(),
    "relu_": lambda known, a, b: known.append(known[a].relu_()),
    "mul_": lambda known, a, b: known[a].mul_(0.5),
    "copy_": lambda known, a, b: known[a].copy_(known[b].clone()),
    "column": lambda known, a, b: known[a][:, 0].add_(1),
    "corner": lambda known, a, b: known[a][1:, 1:].mul_(known[b][:2, :2].clone()),
    "row set": lambda known, a, b: known[a].__setitem__(0, known[b][1].clone()),
    "mask": lambda known, a, b: known[a].__setitem__(known[b] > 0.5, 0.25),
    "chunk": lambda known, a, b: known[a].split([1, 2])[1].neg_(),
}
Step = tuple[str, int, int]
STEP = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 7), st.integers(0, 7))


class Steps(nn.Module):
    """A random program: each step takes two of the tensors so far and makes a new one or writes into one.

    What is written is a copy, because torch leaves open what a write from overlapping memory gives.
    """

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, ...]:
        known = [x * 1, y + 0]
        for name, a, b in self.steps:
            STEPS[name](known, a % len(known), b % len(known))
        return tuple(value + 0 for value in known)


@pytest.mark.filterwarnings("ignore:Use of .* on expanded tensors")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=6)
)
def test_random_programs_of_views_and_writes_are_proven(steps: list[Step]) -> None:
    inputs = (torch.linspace(-1, 1, 9).view(3, 3), torch.linspace(1.5, -0.5, 9).view(3, 3))
    try:
        with torch.no_grad():
            Steps(steps)(*inputs)
    except RuntimeError:
        return  # a write into an expanded tensor, which torch refuses

    report = onnxdx.export(Steps(steps), inputs).report

    assert report.findings == ()
    assert report.verdict.outcome is VerdictOutcome.PROVEN, report.verdict.reason
