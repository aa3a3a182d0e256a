"""Pooling over segments, whose operator nobody has for ONNX (pytorch/pytorch#147617)."""

import torch


class Pool(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.project = torch.nn.Linear(4, 2)

    def forward(self, nodes, lengths):
        hidden = self.project(nodes).relu()
        return torch.segment_reduce(hidden, "mean", lengths=lengths)  # expect: DX301


def build():
    return Pool().eval(), (torch.rand(6, 4), torch.tensor([2, 1, 3]))
