import torch


class Net(torch.nn.Module):
    def forward(self, x):
        y = x.clone()
        if y.data_ptr() == x.data_ptr():  # expect: DX110
            return y
        for value in x[0].tolist():
            if value > 0.5:  # expect: DX101
                y = y + 1
        return y


def build():
    return Net(), (torch.rand(3, 3),)
