"""`dynamic_shapes` names an input that is not there; behind it wait a decision and a singular value decomposition
(pytorch/pytorch#148333)."""

import torch


class Align(torch.nn.Module):
    def forward(self, source, target):
        if (source == 0).all():  # expect: DX101
            return target
        left, _, right = torch.linalg.svd(source.T @ target)  # expect: DX203
        return left @ right


def build():  # expect: DX107
    shapes = {"points": {0: "count"}, "target": {0: "count"}}
    return Align(), (torch.rand(5, 3), torch.rand(5, 3)), {}, shapes
