"""Fake-quantised weights and activations, per channel and per tensor (pytorch/pytorch#167063, #143954)."""

import torch


class Quantised(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)
        self.register_buffer("scale", torch.tensor([0.01, 0.02, 0.03]))
        self.register_buffer("zero", torch.zeros(3, dtype=torch.int32))

    def forward(self, x):
        weight = torch.fake_quantize_per_channel_affine(self.linear.weight, self.scale, self.zero, 0, -128, 127)
        x = torch.fake_quantize_per_tensor_affine(x, 0.02, 3, 0, 255)
        return torch.nn.functional.linear(x, weight, self.linear.bias)


def build():
    torch.manual_seed(0)
    return Quantised().eval(), (torch.rand(2, 4) * 3,)
