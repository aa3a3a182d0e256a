"""A custom operator that does not say its shapes, with arguments that a call may leave out."""

import torch


@torch.library.custom_op("onnxdx_fixes::pairs", mutates_args=())
def pairs(x: torch.Tensor, y: torch.Tensor, keep: bool = True, *, power: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    apart = (x[:, None] - y[None]).abs().pow(power).sum(-1)
    return (apart if keep else -apart), apart.argmin(1)


class Net(torch.nn.Module):
    def forward(self, x, y):
        apart, nearest = pairs(x, y)  # expect: DX111, DX301
        return apart.exp(), y[nearest]


def build():
    return Net(), (torch.rand(2, 3), torch.rand(4, 3))
