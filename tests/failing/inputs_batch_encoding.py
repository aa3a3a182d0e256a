"""The model takes what a tokenizer returns: a dict-like class (pytorch/pytorch#122340)."""

from collections import UserDict

import torch


class Encoding(UserDict):  # expect: DX108
    pass


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)

    def forward(self, inputs):
        return self.embed(inputs["input_ids"]) * inputs["attention_mask"].unsqueeze(-1)


def build():
    ids = torch.tensor([[1, 2, 3]])
    return Model().eval(), (Encoding(input_ids=ids, attention_mask=torch.ones_like(ids)),)
