import torch


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)

    def forward(self, x):
        if x.sum() > 0:  # expect: DX101
            x = x * 2
        return self.lin(x)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.compile(Inner())

    def forward(self, x):
        x = self.inner(x)
        return torch.linalg.svdvals(x)


def build():
    return Net(), (torch.rand(2, 4),)
