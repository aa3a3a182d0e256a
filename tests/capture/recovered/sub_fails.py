import torch


class Weird(torch.nn.Module):
    def forward(self, x):
        assert "Fake" not in repr(type(x)), "no fakes"  # expect: DX110
        return x * 2


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weird = Weird()
        self.b = torch.nn.Linear(3, 3)

    def forward(self, x):
        y = self.weird(x)
        if y.max() > 0:  # expect: DX101
            y = y + 1
        y = self.b(y)
        return torch.linalg.svdvals(y)


def build():
    return Net(), (torch.rand(4, 3),)
