import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(3, 3)
        self.b = torch.nn.Linear(3, 3)

    def forward(self, x):
        y = self.a(x)
        if y.max() > 0:  # expect: DX101
            y = y + 1
        raw = bytes(y.untyped_storage())[:4]  # expect: DX110
        y = y + len(raw)
        y = self.b(y)
        return torch.linalg.svdvals(y)


def build():
    return Net(), (torch.rand(4, 3),)
