import torch


class Net(torch.nn.Module):
    def forward(self, x):
        y = torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x.long(), (x,))  # expect: DX120
        if y.sum() > 0:  # expect: DX101
            y = y + 1
        return torch.linalg.svdvals(x)


def build():
    return Net(), (torch.rand(4, 3),)
