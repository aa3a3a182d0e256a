"""Python's own control flow over sizes, flags and lists of layers (pytorch/pytorch#98909)."""

import torch


class Net(torch.nn.Module):
    def __init__(self, residual):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(3))
        self.residual = residual

    def forward(self, x, *, scale=None):
        if x.ndim == 1:
            x = x[None]
        for number, layer in enumerate(self.layers):
            if self.residual and number % 2:  # noqa: SIM108
                x = x + layer(x)
            else:
                x = layer(x)
            assert x.shape[-1] == 4, "width"
        while x.shape[-1] > 1:
            x = x[..., ::2] + x[..., 1::2]
        return x if scale is None else x * scale


def build():
    return Net(True).eval(), (torch.rand(4),), {"scale": torch.tensor(2.0)}
