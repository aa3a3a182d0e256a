"""A view of an input is written to."""

import torch


class Net(torch.nn.Module):
    def forward(self, image):
        """Without its border."""
        frame = image[..., :1]
        frame.zero_()  # expect: DX414
        return image.sum(-1)


def build():
    return Net(), (torch.rand(2, 3, 4),)
