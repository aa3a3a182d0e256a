"""The decomposition of a cell looks at the size of the batch."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c = torch.nn.GRUCell(8, 4)

    def forward(self, x):
        h = x.new_zeros(x.shape[0], 4)
        for t in range(5):
            h = self.c(x[:, t], h)
        return h


def build():
    return Net(), (torch.rand(2, 5, 8),), {}, {"x": {0: "batch"}}
