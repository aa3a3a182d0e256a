"""A limit taken from a tensor, an input written to, and a custom operator nobody knows (pytorch/pytorch#106748)."""

import torch


@torch.library.custom_op("corpus_several::sharpen", mutates_args=())
def sharpen(x: torch.Tensor, limit: float) -> torch.Tensor:
    return (x * 3 - x.mean()).clamp(-limit, limit)


@sharpen.register_fake
def _(x, limit):
    return torch.empty_like(x)


class Enhance(torch.nn.Module):
    def forward(self, image, contrast):
        limit = round(float(contrast), 2)  # expect: DX102
        image -= image.mean()  # expect: DX414
        return sharpen(image, limit)  # expect: DX301


def build():
    return Enhance(), (torch.rand(3, 4, 4), torch.tensor(0.75))
