"""A graph layer multiplies by a sparse matrix that it holds (pytorch/pytorch#97652, #35294)."""

import torch


class Convolve(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("adjacency", torch.eye(4).to_sparse())
        self.linear = torch.nn.Linear(3, 2)

    def forward(self, nodes):
        return torch.sparse.mm(self.adjacency, self.linear(nodes))  # expect: DX308


def build():
    return Convolve().eval(), (torch.rand(4, 3),)
