"""The user's model comes out of a capture as it went in, whatever the capture did."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch._dynamo.eval_frame import TorchPatcher
from torch._higher_order_ops import while_loop

from onnxdx.passes import capture
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx_diagnostics.sink import Collector


class Busy(nn.Module):
    """Writes to everything it has; `fault` decides whether it can be captured."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout()
        self.drop.eval()
        self.register_buffer("calls", torch.zeros(1))
        self.seen: list[torch.Tensor] = []
        self.named: dict[str, torch.Tensor] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.seen.append(x)
        self.named["x"] = x
        self.last = self.drop(self.norm(x))
        if self.fault == "branch" and x.sum() > 0:
            return self.last * 2
        if self.fault == "python":
            return self.last + x.data_ptr()
        if self.fault == "broken":
            return self.last @ x
        return self.last


@pytest.mark.parametrize("fault", ["none", "branch", "python", "broken"])
@pytest.mark.parametrize("training", [False, True])
def test_the_model_is_unchanged(fault: str, training: bool) -> None:
    model, x = Busy(fault), torch.rand(2, 4)
    model.norm.weight.grad = torch.ones(4)
    model.norm.register_forward_hook(lambda module, args, output: output)
    before = _state(model)
    values = {name: value.clone() for name, value in model.state_dict().items()}

    capture.run(ExportRequest(model, (x,), options=ExportOptions(training=training)), Collector())

    assert _state(model) == before
    assert all(torch.equal(value, values[name]) for name, value in model.state_dict().items())
    assert not x.requires_grad
    assert torch.is_grad_enabled()


def _state(model: nn.Module) -> list[object]:
    return [
        (
            path,
            module.training,
            sorted(vars(module)),
            [id(tensor) for tensor in (*module.parameters(), *module.buffers())],
            [id(tensor.grad) for tensor in module.parameters()],
            len(module._forward_hooks),
            [len(value) for value in vars(module).values() if isinstance(value, (list, dict))],
        )
        for path, module in model.named_modules()
    ]


def test_the_random_generator_is_unchanged() -> None:
    class Noisy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.rand(2) + x.data_ptr()

    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)

    capture.run(ExportRequest(Noisy(), (torch.zeros(2),)), Collector())

    assert torch.equal(torch.rand(3), expected)


def test_loggers_and_warnings_are_as_before(recwarn: pytest.WarningsRecorder) -> None:
    loggers = [logging.getLogger(name) for name in ("torch", "torch.export", "torch._dynamo")]
    before = [(logger.level, logger.disabled, list(logger.handlers)) for logger in loggers]
    filters = list(warnings.filters)

    capture.run(ExportRequest(Busy("branch"), (torch.rand(2, 4),)), Collector())

    assert [(logger.level, logger.disabled, list(logger.handlers)) for logger in loggers] == before
    assert warnings.filters == filters
    assert not [warning for warning in recwarn if "torch" in str(warning.filename)]


def test_a_clean_capture_calls_torch_export_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    export = torch.export.export
    counted: Callable = lambda *args, **kwargs: (calls.append(kwargs), export(*args, **kwargs))[1]  # noqa: E731
    monkeypatch.setattr(torch.export, "export", counted)

    capture.run(ExportRequest(Busy("none"), (torch.rand(2, 4),)), Collector())

    assert [call["strict"] for call in calls] == [False]


def test_ctrl_c_passes_through() -> None:
    class Interrupted(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise KeyboardInterrupt

    model = Interrupted()

    with pytest.raises(KeyboardInterrupt):
        capture.run(ExportRequest(model, (torch.rand(2),)), Collector())

    assert model.training


def test_distributions_are_checked_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dynamo turns the checks off where it is first used; a `while_loop` uses it."""
    monkeypatch.setattr(torch.distributions.Distribution, "_validate_args", True)
    TorchPatcher.patch.cache_clear()

    capture.run(ExportRequest(Counts(), (torch.tensor(3),)), Collector())

    assert torch.distributions.Distribution._validate_args


class Counts(nn.Module):
    def forward(self, turns: torch.Tensor) -> torch.Tensor:
        return while_loop(lambda turns: turns > 0, lambda turns: (turns - 1,), (turns,))[0]


class Listening(nn.Module):
    """Puts a hook on a part of it when it is first called, and notes that it has."""

    hooked = False

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.hooked:
            self.inner.register_forward_hook(lambda module, args, output: output + 1)
            self.hooked = True
        return self.inner(x)


def test_hooks_that_a_model_puts_on_itself_are_not_put_on_twice() -> None:
    model, x = Listening(), torch.rand(2, 4)

    capture.run(ExportRequest(model, (x,)), Collector())

    first = model(x)
    assert len(model.inner._forward_hooks) == 1
    assert torch.equal(first, model(x))
