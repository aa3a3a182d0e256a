import torch
from torch._higher_order_ops import while_loop


class Net(torch.nn.Module):
    def forward(self, x):
        def go(i, x):
            return i < 3

        def body(i, x):
            y = x * 2
            if y.sum() > 0:  # expect: DX101
                y = y + 1
            return i + 1, y

        _i, y = while_loop(go, body, (torch.tensor(0), x))
        return y


def build():
    return Net(), (torch.rand(4, 3),)
