"""Suppression of boxes as people write it: a loop until none is left."""

import torch


class Net(torch.nn.Module):
    def forward(self, boxes, scores):
        order = scores.argsort(descending=True)
        kept = []
        while order.numel() > 0:  # expect: DX101
            best = order[0]
            kept.append(best)
            far = (boxes[order] - boxes[best]).abs().sum(-1) > 0.5
            order = order[far]
        return torch.stack(kept)


def build():
    return Net(), (torch.eye(4), torch.tensor([0.1, 0.4, 0.3, 0.2]))
