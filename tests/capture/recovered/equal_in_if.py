import torch


class Net(torch.nn.Module):
    def forward(self, x, y):
        if torch.equal(x, y):  # expect: DX101
            return x
        if torch.allclose(x, y):  # expect: DX101
            return y
        if x.isnan().any():  # expect: DX101
            return x
        return x + y


def build():
    return Net(), (torch.rand(3, 3), torch.rand(3, 3))
