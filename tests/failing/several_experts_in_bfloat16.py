"""A loop over the experts that were hit, and products in bfloat16 (huggingface/transformers#38518)."""

import torch
from torch import nn


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.rand(3, 4, 4, dtype=torch.bfloat16))

    def forward(self, x, chosen):
        hits = nn.functional.one_hot(chosen, 3).sum(0).nonzero()
        result = torch.zeros_like(x)
        for index in hits:  # expect: DX102
            taken = (chosen == index).unsqueeze(-1)
            result = result + taken * (x @ self.weights[index[0]])  # expect: DX602
        return result


def build():
    return Experts(), (torch.rand(5, 4, dtype=torch.bfloat16), torch.tensor([0, 2, 2, 0, 2]))
