"""The encoder of torch.nn without gradients leaves zeros where it was padded, which no export can see.

Taken from pytorch/pytorch#152018.
"""

# prints: UserWarning: The PyTorch API of nested tensors is in prototype
# prints: output = torch._nested_tensor_from_mask

import torch


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layer = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=False)
        self.encoder = torch.nn.TransformerEncoder(layer, 2)

    def forward(self, x, padding):
        return self.encoder(x, src_key_padding_mask=padding)  # expect: DX601


def build():
    padding = torch.tensor([[False, False, False, False], [False, False, True, True]])
    return Encoder().eval(), (torch.rand(2, 4, 8), padding)
