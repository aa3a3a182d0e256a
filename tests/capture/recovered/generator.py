import torch


class Net(torch.nn.Module):
    def rows(self, x):
        for row in x:
            if row.sum() > 0:  # expect: DX101
                yield row

    def forward(self, x):
        return torch.stack(list(self.rows(x)))


def build():
    return Net(), (torch.rand(2, 4),)
