"""The data of a packed sequence is normalised, and never packed out again (pytorch/pytorch#49936)."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence


class Normalised(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True)  # expect: DX301
        return self.norm(packed.data).sum(0)


def build():
    return Normalised().eval(), (torch.rand(2, 5, 4), torch.tensor([5, 3]))
