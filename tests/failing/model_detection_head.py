"""A single-stage detector with its post-processing inside (pytorch/vision#9462, open-edge-platform/geti#5073).

The image is normalised in place; nothing found is a case of its own; suppression is an operator of a C++ library.
"""

import torch
import torch.nn.functional as F

CLASSES, KEPT = 3, 8


@torch.library.custom_op("corpus_detector::nms", mutates_args=())
def nms(boxes: torch.Tensor, scores: torch.Tensor, threshold: float) -> torch.Tensor:
    order = scores.argsort(descending=True).tolist()
    kept: list[int] = []
    for candidate in order:
        low = torch.maximum(boxes[kept, :2], boxes[candidate, :2])
        high = torch.minimum(boxes[kept, 2:], boxes[candidate, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        if (shared / (boxes[candidate, 2:] - boxes[candidate, :2]).prod() <= threshold).all():
            kept.append(candidate)
    return torch.tensor(kept, dtype=torch.int64)


@nms.register_fake
def _(boxes, scores, threshold):
    size = torch.library.get_ctx().new_dynamic_size()
    return scores.new_empty(size, dtype=torch.int64)


class Block(torch.nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv = torch.nn.Conv2d(inside, outside, 3, stride, padding=1, bias=False)
        self.norm = torch.nn.BatchNorm2d(outside)

    def forward(self, x):
        return F.leaky_relu(self.norm(self.conv(x)), 0.1)


class Backbone(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Block(3, 8, 2)
        self.middle = Block(8, 8, 2)
        self.deep = Block(8, 8, 2)

    def forward(self, image):
        fine = self.middle(self.stem(image))
        return fine, self.deep(fine)


class Pyramid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lateral = torch.nn.Conv2d(8, 8, 1)

    def forward(self, levels):
        fine, deep = levels
        raised = F.interpolate(deep, size=fine.shape[-2:], mode="nearest")
        return self.lateral(fine) + raised, deep


class Head(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scores = torch.nn.Conv2d(8, CLASSES, 3, padding=1)
        self.sides = torch.nn.Conv2d(8, 4, 3, padding=1)
        torch.nn.init.constant_(self.scores.bias, 0.3)

    def places(self, height, width, stride):
        ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        return (torch.stack([xs, ys], -1).flatten(0, 1) + 0.5) * stride

    def forward(self, features, stride):
        scores = self.scores(features).sigmoid().flatten(2).transpose(1, 2)
        sides = self.sides(features).exp().flatten(2).transpose(1, 2) * stride
        centre = self.places(*features.shape[-2:], stride)
        boxes = torch.cat([centre - sides[..., :2], centre + sides[..., 2:]], -1)
        return boxes, scores


class Detector(torch.nn.Module):
    def __init__(self, threshold):
        super().__init__()
        self.threshold = threshold
        self.register_buffer("mean", torch.tensor([0.48, 0.45, 0.40])[:, None, None])
        self.backbone = Backbone()
        self.pyramid = Pyramid()
        self.head = Head()

    def raw(self, image):
        levels = self.pyramid(self.backbone(image))
        found = [self.head(level, stride) for level, stride in zip(levels, (4, 8), strict=True)]
        boxes, scores = (torch.cat(parts, 1) for parts in zip(*found, strict=True))
        return boxes[0], scores[0]

    def selected(self, boxes, scores):
        best, label = scores.max(-1)
        best, order = best.topk(KEPT)
        return boxes[order], best, label[order]

    def forward(self, image):
        image.sub_(self.mean)  # expect: DX414
        boxes, scores, labels = self.selected(*self.raw(image))
        above = scores > self.threshold
        if not above.any():  # expect: DX101
            return boxes[:0], scores[:0], labels[:0]
        boxes, scores, labels = boxes[above], scores[above], labels[above]
        apart = boxes + labels[:, None] * 1000.0
        kept = nms(apart, scores, 0.5)  # expect: DX301
        return boxes[kept], scores[kept], labels[kept]


def build():
    torch.manual_seed(0)
    return Detector(0.3).eval(), (torch.rand(1, 3, 32, 32),)
