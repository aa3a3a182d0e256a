"""A size that a helper reads behind torch's back."""

import torch


def _mask(x):
    import torch.utils._python_dispatch

    n = x.shape[1].node.hint if isinstance(x.shape[1], torch.SymInt) else x.shape[1]
    return torch.ones(n, 1).cumsum(0)[: x.shape[1]] / n  # expect: DX605


class Net(torch.nn.Module):
    def forward(self, x):
        m = _mask(x)
        return x * m


def build():
    return Net(), (torch.rand(2, 6, 4),), {}, {"x": {0: "batch", 1: "seq"}}
