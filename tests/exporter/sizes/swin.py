"""Windows of four in both directions."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        b, h, w, c = x.shape
        x = x.view(b, h // 4, 4, w // 4, 4, c)  # expect: DX125, DX125
        return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)


def build():
    return Net(), (torch.rand(2, 8, 12, 3),), {}, {"x": {0: "batch", 1: "h", 2: "w"}}
