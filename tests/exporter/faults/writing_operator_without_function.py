"""Custom operators that write into their arguments are named as the user calls them."""

import torch


@torch.library.custom_op("writing::accumulate", mutates_args=("total",))
def accumulate(total: torch.Tensor, x: torch.Tensor) -> None:
    total.add_(x)


@accumulate.register_fake
def _(total, x):
    return None


class Net(torch.nn.Module):
    def forward(self, x):
        total = x.clone()
        accumulate(total, x)  # expect: DX301
        return torch.linalg.inv(total)  # expect: DX203


def build():
    return Net(), (torch.eye(3),)
