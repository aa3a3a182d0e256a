import torch


class Net(torch.nn.Module):
    def forward(self, x):
        assert type(x) is torch.Tensor  # expect: DX110
        if x.max() > 0:  # expect: DX101
            x = x + 1
        return torch.linalg.svdvals(x)


def build():
    return Net(), (torch.rand(4, 3),)
