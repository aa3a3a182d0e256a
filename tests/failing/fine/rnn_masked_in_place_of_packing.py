"""Padding is masked and not packed, and the last step is gathered (pytorch/pytorch#112044)."""

import torch


class Pooled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.GRU(4, 6, batch_first=True)

    def forward(self, x, lengths):
        hidden, _ = self.rnn(x)
        kept = torch.arange(x.shape[1]) < lengths[:, None]
        mean = (hidden * kept[..., None]).sum(1) / lengths[:, None]
        last = hidden.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, 6)).squeeze(1)
        return mean, last


def build():
    return Pooled().eval(), (torch.rand(3, 5, 4), torch.tensor([5, 2, 4]))
