"""A hook keeps the features of a layer, which the model itself reads afterwards (pytorch/pytorch#76026)."""

import torch


class Extractor(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        self.features = {}
        self.body[1].register_forward_hook(self.keep)

    def keep(self, module, args, output):
        self.features["hidden"] = output

    def forward(self, x):
        logits = self.body(x)
        return logits, self.features.pop("hidden")


def build():
    return Extractor().eval(), (torch.rand(2, 4),)
