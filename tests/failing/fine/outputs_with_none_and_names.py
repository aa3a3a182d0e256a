"""Beside tensors a model returns None, a name, a number and one tensor twice (pytorch/pytorch#64190, #155091)."""

import torch


class Outputs(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(4, 2)

    def forward(self, x, labels=None):
        logits = self.head(x)
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "logits": logits, "again": logits, "name": "classifier", "classes": 2}


def build():
    return Outputs().eval(), (torch.rand(3, 4),)
