"""The batch of the other input was forgotten."""

import torch


class Net(torch.nn.Module):
    def forward(self, query, memory):
        return query @ memory.transpose(1, 2)  # expect: DX104


def build():
    batch = torch.export.Dim("batch")
    shapes = {"query": {0: batch}, "memory": None}
    return Net(), (torch.rand(2, 3, 4), torch.rand(2, 5, 4)), {}, shapes
