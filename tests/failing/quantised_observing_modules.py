"""Modules of quantisation-aware training, which ask their own switches what to do (pytorch/pytorch#167063)."""

import torch
from torch.ao.quantization import FakeQuantize, MovingAverageMinMaxObserver, disable_observer


class Trained(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.quantise = FakeQuantize(observer=MovingAverageMinMaxObserver, quant_min=0, quant_max=255)

    def forward(self, x):
        return self.quantise(self.linear(x))  # expect: DX101


def build():
    torch.manual_seed(0)
    model = Trained()
    model(torch.rand(4, 4))
    return model.apply(disable_observer).eval(), (torch.rand(2, 4),)
