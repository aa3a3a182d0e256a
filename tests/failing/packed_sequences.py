"""A recurrent layer over packed sequences (pytorch/pytorch#112044, #186527)."""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Packed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(4, 6, batch_first=True)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)  # expect: DX301
        out, _ = self.rnn(packed)
        return pad_packed_sequence(out, batch_first=True)[0]


def build():
    return Packed().eval(), (torch.rand(2, 5, 4), torch.tensor([5, 3]))
