"""The model is what `torch.jit.script` made of it (pytorch/pytorch#155091)."""

# prints: FutureWarning: .torch.jit
# prints: ^\s+warnings.warn\($

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x):
        return {"logits": self.head(x)}


def build():  # expect: DX114
    return torch.jit.script(Net().eval()), (torch.rand(2, 4),)
