import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.jit.script(torch.nn.Linear(4, 2))

    def forward(self, x):
        y = self.head(x)  # expect: DX114
        if y.sum() > 0:  # expect: DX101
            y = y * 2
        return torch.linalg.svdvals(y)


def build():
    return Net(), (torch.rand(2, 4),)
