"""A sparse matrix is made of the edges of the call (pytorch/pytorch#112487, #71786)."""

import torch


class Propagate(torch.nn.Module):
    def forward(self, edges, weights, nodes):
        adjacency = torch.sparse_coo_tensor(edges, weights, (4, 4))  # expect: DX308
        return adjacency @ nodes


def build():
    return Propagate(), (torch.tensor([[0, 1, 2], [1, 3, 0]]), torch.rand(3), torch.rand(4, 2))
