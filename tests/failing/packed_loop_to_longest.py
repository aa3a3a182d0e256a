"""Steps of a cell up to the longest sequence, counted from a tensor of lengths (pytorch/pytorch#127153)."""

import torch


class Steps(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = torch.nn.GRUCell(4, 8)

    def forward(self, x, lengths):
        state = torch.zeros(x.shape[0], 8)
        for step in range(int(lengths.max())):  # expect: DX102
            state = self.cell(x[:, step], state)
        return state


def build():
    return Steps().eval(), (torch.rand(2, 5, 4), torch.tensor([5, 3]))
