"""An entry for an input that is not there, and none for one that is."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        return x + y


def build():  # expect: DX107
    return Net(), (torch.rand(2), torch.rand(2)), {}, {"x": {0: "rows"}, "z": {0: "rows"}}
