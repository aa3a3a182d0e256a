import torch


class Net(torch.nn.Module):
    def forward(self, x, lengths):
        sizes = lengths.tolist()
        parts = torch.split(x, sizes)
        y = torch.cat(parts[::-1])
        if lengths.max() > 3:  # expect: DX101
            y = y * 2
        return y


def build():
    return Net(), (torch.rand(6, 3), torch.tensor([1, 2, 3]))
