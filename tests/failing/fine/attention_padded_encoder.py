"""The encoder of torch.nn without its faster way through nested tensors (pytorch/pytorch#152018)."""

import torch


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=False)
        self.encoder = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x, padding):
        return self.encoder(x, src_key_padding_mask=padding)


def build():
    padding = torch.tensor([[False, False, False, False], [False, False, True, True]])
    return Encoder().eval(), (torch.rand(2, 4, 8), padding)
