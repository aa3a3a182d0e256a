"""Layers in float16, with a softmax and a norm in float32 (pytorch/pytorch#190338, microsoft/onnxruntime#10308)."""

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(8, 8)
        self.norm = torch.nn.LayerNorm(8)

    def forward(self, x):
        hidden = torch.nn.functional.gelu(self.linear(x))
        return self.norm(hidden), hidden.float().softmax(-1).half()


def build():
    torch.manual_seed(0)
    return Net().eval().half(), (torch.rand(2, 8).half(),)
