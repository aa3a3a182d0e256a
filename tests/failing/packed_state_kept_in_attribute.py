"""A streaming model keeps its hidden state on itself, from call to call (pytorch/pytorch#118740)."""

import torch


class Stream(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.GRU(4, 6, batch_first=True)
        self.state = torch.zeros(1, 1, 6)

    def forward(self, chunk):
        out, state = self.rnn(chunk, self.state)
        self.state = state.detach()  # expect: DX415
        return out


def build():
    return Stream().eval(), (torch.rand(1, 3, 4),)
