"""Values go where a mask is true: other exporters write them in the wrong order (pytorch/pytorch#186146)."""

import torch


class Inject(torch.nn.Module):
    def forward(self, embeds, mask, features):
        return embeds.masked_scatter(mask.unsqueeze(-1), features) * 2


def build():
    mask = torch.tensor([[True, False, True, True, False]])
    return Inject(), (torch.zeros(1, 5, 3), mask, torch.rand(3, 3))
