"""Fake mode: models without memory, the values that are known all the same, and what an export makes of them."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch

import onnxdx
from onnxdx.program import ONNXProgram
from onnxdx.weights.absent_weights import NoValues, absent_weights
from onnxdx.weights.fake_mode import ValueNeeded, known_value
from onnxdx_diagnostics.report import VerdictOutcome


class Tables(torch.nn.Module):
    """What models compute while they are built."""

    def __init__(self) -> None:
        super().__init__()
        frequencies = 1.0 / (10000 ** (torch.arange(0, 8, 2).float() / 8))
        sines = torch.zeros(6, 8)
        sines[:, 0::2] = torch.sin(torch.outer(torch.arange(6.0), frequencies))
        self.register_buffer("sines", sines, persistent=False)
        self.register_buffer("mask", torch.full((6, 6), float("-inf")).triu(1), persistent=False)
        self.rates = [rate.item() for rate in torch.linspace(0, 0.5, 3)]
        self.places = (torch.tensor([1, 0, 2]) != 0).nonzero()
        self.scale = torch.tensor(0.25)
        self.inner = torch.nn.Linear(8, 8)
        torch.nn.init.trunc_normal_(self.inner.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.inner(x + self.sines) @ x.transpose(-1, -2) + self.mask
        return scores.softmax(-1) * self.scale * self.rates[1]


def test_what_a_model_computes_of_itself_is_known() -> None:
    with onnxdx.enable_fake_mode():
        fake = Tables()
    real = Tables()

    assert fake.rates == real.rates
    for name in ("sines", "mask", "places", "scale"):
        known = known_value(getattr(fake, name))
        assert known is not None
        assert torch.equal(known, getattr(real, name))


def test_what_is_drawn_or_written_over_is_not_known() -> None:
    with onnxdx.enable_fake_mode():
        drawn = torch.rand(3)
        base = torch.zeros(4)
        view = base[1:]
        view.normal_()
        written = torch.ones(4)
        written[:2] = torch.rand(2)
        behind = torch.ones(2)
        behind.data.uniform_()
        sums = drawn + 1

    assert [known_value(each) for each in (drawn, base, view, written, behind, sums)] == [None] * 6


@pytest.mark.parametrize(
    "change", [torch.nn.Module.half, torch.nn.Module.bfloat16, copy.deepcopy, lambda model: model.to("cpu").float()]
)
@pytest.mark.parametrize("inside", [True, False])
def test_a_fake_model_can_be_converted_and_copied(
    change: Callable[[torch.nn.Module], torch.nn.Module], inside: bool
) -> None:
    real = change(Tables())
    with onnxdx.enable_fake_mode():
        fake = Tables()
        if inside:
            fake = change(fake)
    if not inside:
        fake = change(fake)

    assert fake.inner.weight.dtype is real.inner.weight.dtype
    assert isinstance(fake.inner.weight, torch.nn.Parameter)
    assert known_value(fake.inner.weight) is None
    known = known_value(fake.sines)
    assert known is not None
    assert torch.equal(known, real.sines)


def test_what_is_written_anew_is_known_again() -> None:
    with onnxdx.enable_fake_mode():
        table = torch.rand(3)
        view = table[:2]
        table.copy_(torch.arange(3))
        part = torch.rand(3)
        part[:2].zero_()

    known = known_value(table)
    assert known is not None
    assert known.tolist() == [0, 1, 2]
    assert known_value(view) is None
    assert known_value(part) is None


def test_a_decision_on_drawn_values_says_so() -> None:
    with onnxdx.enable_fake_mode(), pytest.raises(ValueNeeded, match="asks for values"):
        torch.rand(3).max().item()


def test_the_modules_of_torch_are_built_in_fake_mode() -> None:
    with onnxdx.enable_fake_mode():
        layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        modules = [torch.nn.TransformerEncoder(layer, 2), torch.nn.LSTM(3, 4), torch.nn.BatchNorm2d(3)]
        modules.append(torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 3)))
        modules.append(torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 3)))

    assert all(known_value(weight) is None for module in modules for weight in module.parameters() if weight.dim() > 1)


def test_a_fake_model_takes_no_memory() -> None:
    with onnxdx.enable_fake_mode() as fake:
        model = torch.nn.Linear(1_000_000, 1_000_000)  # four terabytes
        x = torch.rand(1, 1_000_000)

    program = onnxdx.export(model, (x,), options=onnxdx.ExportOptions(fake_context=fake))

    assert program.report.verdict.reason == "fake weights"
    assert [weight.nbytes for weight in absent_weights(program.model).values()] == [4 * 10**12, 4 * 10**6]


def test_the_verdict_of_a_fake_program_is_not_run(program: ONNXProgram) -> None:
    verdict = program.report.verdict

    assert (verdict.outcome, verdict.reason) == (VerdictOutcome.NOT_RUN, "fake weights")


def test_a_model_on_meta_is_exported_as_a_fake_one() -> None:
    with torch.device("meta"):
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 2))
    inputs = {"real": torch.rand(2, 4), "meta": torch.rand(2, 4, device="meta")}

    programs = {name: onnxdx.export(model, (x,)) for name, x in inputs.items()}

    assert {name: program.report.verdict.reason for name, program in programs.items()} == dict.fromkeys(
        inputs, "fake weights"
    )
    assert all(parameter.is_meta for parameter in model.parameters())


def test_fake_inputs_of_a_real_model_are_told() -> None:
    with onnxdx.enable_fake_mode():
        x = torch.rand(2, 4)
    model = torch.nn.Linear(4, 2)

    program = onnxdx.export(model, (x,))

    assert program.report.verdict.reason == "fake inputs"
    assert program.verify(torch.rand(2, 4)).outcome is VerdictOutcome.PROVEN


def test_a_real_model_in_a_fake_context_leaves_its_weights() -> None:
    model = torch.nn.Linear(4, 2)
    before = model.weight
    with onnxdx.enable_fake_mode() as fake:
        pass

    program = onnxdx.export(model, (torch.rand(1, 4),), options=onnxdx.ExportOptions(fake_context=fake))

    assert len(absent_weights(program.model)) == 2
    assert model.weight is before


def test_a_weight_without_values_says_so(program: ONNXProgram) -> None:
    with pytest.raises(NoValues, match="has no values"):
        _ = program.model_proto


def test_a_fault_of_a_fake_model_is_told_on_its_line() -> None:
    class Decides(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.inner(x)
            return x if x.sum() > 0 else -x

    with onnxdx.enable_fake_mode() as fake:
        model = Decides()

    with pytest.raises(onnxdx.ExportError) as raised:
        onnxdx.export(model, (torch.rand(1, 4),), options=onnxdx.ExportOptions(fake_context=fake))

    assert [each.id for each in raised.value.report.findings] == ["DX101"]


def test_a_missing_operator_of_a_fake_model_is_told() -> None:
    class Rare(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nanmedian(self.inner(x), dim=-1).values

    with onnxdx.enable_fake_mode() as fake:
        model = Rare()

    with pytest.raises(onnxdx.ExportError) as raised:
        onnxdx.export(model, (torch.rand(1, 4),), options=onnxdx.ExportOptions(fake_context=fake))

    assert [each.id for each in raised.value.report.findings] == ["DX301"]
