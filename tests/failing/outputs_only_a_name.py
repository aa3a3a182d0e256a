"""A wrapper forgot its return, and only a label comes back (pytorch/pytorch#155091)."""

import torch


class Label(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x):  # expect: DX416
        self.head(x).softmax(-1)
        return {"label": "cat", "loss": None}


def build():
    return Label().eval(), (torch.rand(2, 4),)
