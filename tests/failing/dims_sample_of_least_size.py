"""The sample has the least size that was asked for, which is 1 (pytorch/pytorch#176349)."""

import torch


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(8, 3)

    def forward(self, x):
        return self.layer(x).softmax(-1)


def build():  # expect: DX104
    batch = torch.export.Dim("batch", min=1, max=8)
    return Classifier().eval(), (torch.rand(1, 8),), {}, {"x": {0: batch}}
