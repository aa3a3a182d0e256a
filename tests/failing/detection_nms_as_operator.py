"""Non-maximum suppression as a custom operator with a fake kernel but no ONNX function (pytorch/pytorch#48444)."""

import torch


@torch.library.custom_op("corpus_detection::nms", mutates_args=())
def nms(boxes: torch.Tensor, scores: torch.Tensor, threshold: float) -> torch.Tensor:
    order = scores.argsort(descending=True)
    kept = [int(order[0])]
    for candidate in order[1:].tolist():
        low = torch.maximum(boxes[kept, :2], boxes[candidate, :2])
        high = torch.minimum(boxes[kept, 2:], boxes[candidate, 2:])
        if ((high - low).clamp(min=0).prod(1) <= threshold).all():
            kept.append(candidate)
    return torch.tensor(kept)


@nms.register_fake
def _(boxes, scores, threshold):
    return scores.new_empty(torch.library.get_ctx().new_dynamic_size(), dtype=torch.int64)


class Head(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.boxes = torch.nn.Linear(8, 4)
        self.scores = torch.nn.Linear(8, 1)

    def forward(self, features):
        boxes, scores = self.boxes(features), self.scores(features).squeeze(-1)
        kept = nms(boxes, scores, 0.5)  # expect: DX301
        return boxes[kept], scores[kept]


def build():
    return Head().eval(), (torch.rand(6, 8),)
