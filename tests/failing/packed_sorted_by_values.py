"""A batch is sorted by Python, by lengths that are values (pytorch/pytorch#127153)."""

import torch


class Sorted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(4, 6, batch_first=True)

    def forward(self, x, lengths):
        order = sorted(range(x.shape[0]), key=lambda row: -lengths[row])  # expect: DX101
        return self.rnn(x[order])[0]


def build():
    return Sorted().eval(), (torch.rand(3, 5, 4), torch.tensor([2, 5, 3]))
