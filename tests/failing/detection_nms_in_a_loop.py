"""Non-maximum suppression written as a loop over boxes that decides box by box (open-edge-platform/geti#5073)."""

import torch


def overlap(one, others):
    low = torch.maximum(one[:2], others[:, :2])
    high = torch.minimum(one[2:], others[:, 2:])
    return (high - low).clamp(min=0).prod(-1)


class Suppress(torch.nn.Module):
    def forward(self, boxes, scores):
        boxes = boxes[scores.argsort(descending=True)]
        alive = torch.ones(boxes.shape[0], dtype=torch.bool)
        for number in range(boxes.shape[0]):
            if alive[number]:  # expect: DX101
                hidden = overlap(boxes[number], boxes) > 0.1
                alive = alive & ~(hidden & (torch.arange(boxes.shape[0]) > number))
        return boxes * alive[:, None]


def build():
    corner = torch.rand(4, 2)
    return Suppress(), (torch.cat([corner, corner + 0.5], 1), torch.rand(4))
