"""Recurrent layers of several kinds over a sequence of any length (pytorch/pytorch#118740)."""

import torch


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.GRU(4, 6, num_layers=2, batch_first=True, bidirectional=True)
        self.second = torch.nn.LSTM(12, 5, batch_first=True)
        self.cell = torch.nn.RNNCell(5, 3)

    def forward(self, x, state):
        hidden, _ = self.first(x)
        hidden, (last, cell) = self.second(hidden)
        return self.cell(hidden[:, -1], state), last, cell


def build():
    inputs = (torch.rand(2, 5, 4), torch.rand(2, 3))
    return Encoder().eval(), inputs, {}, {"x": {1: torch.export.Dim("time", min=2)}, "state": None}
