"""A fake kernel that promises another shape."""

import torch


@torch.library.custom_op("onnxdx_fixes::edges", mutates_args=())
def edges(x: torch.Tensor) -> torch.Tensor:
    return x[:, 1:] - x[:, :-1]


@edges.register_fake
def _(signal):
    return torch.empty_like(signal)  # expect: DX112


class Net(torch.nn.Module):
    def forward(self, x):
        return edges(x).abs()  # expect: DX301


def build():
    return Net(), (torch.rand(2, 5),)
