"""Each sparse tensor is one fault, where it comes in or is made; what is computed from it says nothing more."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("adjacency", torch.eye(4).to_sparse())

    def forward(self, x, given):
        y = torch.sparse.mm(self.adjacency, x)  # expect: DX308
        y = y + torch.sparse.mm(self.adjacency, y)
        made = x.to_sparse()  # expect: DX308
        z = given.to_dense() * 2  # expect: DX308
        return y, torch.sparse.mm(made, z), torch.mode(x).values  # expect: DX301


def build():
    return Net(), (torch.rand(4, 4), torch.eye(4).to_sparse())
