import torch


class Net(torch.nn.Module):
    def forward(self, x):
        def go(i, x):
            return i < 3

        def body(i, x):
            return i + 1, torch.cat([x, x])

        _i, y = torch._higher_order_ops.while_loop(go, body, (torch.tensor(0), x))  # expect: DX120
        return y


def build():
    return Net(), (torch.rand(4, 3),)
