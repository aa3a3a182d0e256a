import io

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        b = io.BytesIO()
        torch.save(x, b)  # expect: DX110
        y = x + len(b.getvalue()) % 2
        if y.max() > 0:  # expect: DX101
            y = y + 1
        return y


def build():
    return Net(), (torch.rand(4, 3),)
