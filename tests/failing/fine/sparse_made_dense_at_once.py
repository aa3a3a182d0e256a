"""A sparse table from a file is made dense before the model is built, and edges scatter (pytorch/pytorch#112487)."""

# prints: UserWarning: Sparse invariant checks are implicitly disabled
# prints: table = torch.sparse_coo_tensor

import torch


class Propagate(torch.nn.Module):
    def __init__(self, adjacency):
        super().__init__()
        self.register_buffer("adjacency", adjacency.to_dense())

    def forward(self, nodes, edges):
        source, target = edges
        passed = torch.zeros_like(nodes).index_add(0, target, nodes[source], alpha=0.5)
        return self.adjacency @ nodes + passed


def build():
    table = torch.sparse_coo_tensor(torch.tensor([[0, 1, 2], [1, 2, 0]]), torch.tensor([1.0, 2.0, 3.0]), (3, 3))
    return Propagate(table), (torch.rand(3, 2), torch.tensor([[0, 1, 1], [2, 2, 0]]))
