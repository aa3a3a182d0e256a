"""Recurrent layers as the ONNX operators of their name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from onnxdx import pipeline
from onnxdx.request import ExportRequest
from onnxdx_diagnostics.report import VerdictOutcome

SEQUENCE = torch.randn(2, 5, 4)

LAYERS = {
    "lstm": nn.LSTM(4, 3, batch_first=True),
    "lstm-steps-first": nn.LSTM(4, 3),
    "lstm-deep-both-ways": nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True),
    "lstm-without-bias": nn.LSTM(4, 3, bias=False),
    "lstm-projected": nn.LSTM(4, 3, proj_size=2, batch_first=True),
    "lstm-projected-deep-both-ways": nn.LSTM(4, 3, proj_size=2, num_layers=2, bidirectional=True),
    "gru": nn.GRU(4, 3, batch_first=True),
    "gru-deep-both-ways": nn.GRU(4, 3, num_layers=2, bidirectional=True),
    "gru-without-bias": nn.GRU(4, 3, bias=False, batch_first=True),
    "rnn": nn.RNN(4, 3, batch_first=True),
    "rnn-relu-deep-both-ways": nn.RNN(4, 3, num_layers=2, nonlinearity="relu", bidirectional=True),
    "rnn-without-bias": nn.RNN(4, 3, bias=False),
}


class Recurrent(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x, *state):
        return self.layer(x, *state)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_runs_from_zeros(layer, proven):
    proven(Recurrent(layer.eval()), SEQUENCE)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_keeps_batch_and_steps_open(layer):
    request = ExportRequest(Recurrent(layer.eval()), (SEQUENCE,), dynamic_shapes=({0: "first", 1: "second"},))

    _, report = pipeline.run(request)

    assert report.findings == ()
    assert report.verdict.outcome is VerdictOutcome.PROVEN


@pytest.mark.parametrize("name", ["gru", "rnn"])
def test_runs_from_a_state(name, proven):
    layer = LAYERS[name].eval()
    proven(lambda x, h: layer(x, h), SEQUENCE, torch.randn(1, 2, 3))


class FromState(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = LAYERS["lstm-deep-both-ways"]

    def forward(self, x, h, c):
        return self.layer(x, (h, c))


def test_runs_an_lstm_from_a_state(proven):
    proven(FromState().eval(), SEQUENCE, torch.randn(4, 2, 3), torch.randn(4, 2, 3))


def test_runs_without_a_batch(proven):
    proven(Recurrent(LAYERS["lstm"].eval()), SEQUENCE[0])


@pytest.mark.parametrize(
    "cell", [nn.LSTMCell(4, 3), nn.GRUCell(4, 3), nn.RNNCell(4, 3)], ids=lambda c: type(c).__name__
)
def test_runs_one_step(cell, proven):
    proven(Recurrent(cell.eval()), torch.randn(2, 4))
