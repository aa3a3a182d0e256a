"""A batch of one as the sample of a dynamic batch, on two inputs."""

import torch


class Net(torch.nn.Module):
    def forward(self, x, mask):
        return x * mask


def build():  # expect: DX104
    x = torch.rand(1, 3).half().float()
    return Net(), (x, torch.ones((1, 3))), {}, {"x": {0: "batch"}, "mask": {0: "batch"}}
