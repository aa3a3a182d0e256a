import torch


def look(module, args, output):
    if output.isnan().any():  # expect: DX101
        raise ValueError
    return output * 2


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)
        self.lin.register_forward_hook(look)

    def forward(self, x):
        return self.lin(x)


def build():
    return Net(), (torch.rand(2, 4),)
