"""Weight norm in both forms, spectral norm, and a head tied to its embedding (pytorch/pytorch#130644, #108342)."""

# prints: FutureWarning: `torch.nn.utils.weight_norm` is deprecated
# prints: WeightNorm.apply

import torch
from torch.nn.utils import parametrizations, weight_norm


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(10, 4)
        self.first = parametrizations.weight_norm(torch.nn.Conv1d(4, 4, 1))
        self.second = weight_norm(torch.nn.Linear(4, 4))
        self.third = parametrizations.spectral_norm(torch.nn.Linear(4, 4))
        self.head = torch.nn.Linear(4, 10, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        hidden = self.embedding(tokens)
        hidden = self.first(hidden.mT).mT
        return self.head(self.third(self.second(hidden)))


def build():
    torch.manual_seed(0)
    return Tied().eval(), (torch.tensor([[1, 2, 3]]),)
