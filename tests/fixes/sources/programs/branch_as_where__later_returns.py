"""An early return in front of a decision of Python that returns as well."""

import torch


class Net(torch.nn.Module):
    soft = True

    def forward(self, x):
        peak = x.softmax(-1).max()
        if self.soft and peak < 0.5:  # expect: DX101
            return torch.zeros_like(x)
        elif not self.soft:
            return x
        # both are used
        x = x * peak
        return torch.sigmoid(x)


def build():
    return Net(), (torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.5]]),)
