"""Behind the decision waits a call that cannot be captured at all."""

import zlib

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: DX101
            x = x + 1
        return x * (zlib.crc32(x.numpy().tobytes()) % 2)  # expect: DX110


def build():
    return Net(), (torch.rand(4),)
