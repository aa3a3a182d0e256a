import torch


class Net(torch.nn.Module):
    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_(True)
            y = (x**2).sum()
            (g,) = torch.autograd.grad(y, x)
        if g.sum() > 0:  # expect: DX101
            g = g + 1
        return g


def build():
    return Net(), (torch.rand(2, 4),)
