"""Keywords in another order than the parameters."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, y=None, **kw):
        return x * kw["b"] + kw["a"].sum() + y


def build():
    return (
        Net(),
        (torch.rand(2, 6),),
        {"b": torch.rand(2, 6), "y": torch.rand(2, 1), "a": torch.rand(3)},
        {"x": {0: "batch"}, "y": {0: "batch"}, "a": {0: "n"}, "b": {0: "batch"}},
    )
