import torch


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)

    def forward(self, x):
        y = self.lin(x)
        scale = y.detach().numpy().max()  # expect: DX110
        if y.norm() > 3:  # expect: DX101
            y = y / 2
        return x + y * float(scale)


def build():
    return torch.nn.Sequential(*[Layer() for _ in range(24)]), (torch.rand(2, 4),)
