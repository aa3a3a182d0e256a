"""What stands in a branch is said once, and the operators beside the branch are looked at."""

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        y = torch.cond(
            x.sum() > 0,
            lambda x: torch.tan(x),  # expect: DX602
            lambda x: x * torch.mode(x).values[:, None],  # expect: DX301
            (x,),
        )
        z = torch.cond(x.sum() > 1, lambda x: torch.sinh(x), lambda x: x + 1, (x,))  # expect: DX602
        return torch.nn.functional.mish(y + z)  # expect: DX602


def build():
    return Net(), (torch.rand(2, 3, dtype=torch.float64),)
