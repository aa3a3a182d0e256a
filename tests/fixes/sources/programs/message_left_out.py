"""A log line formats a number that is taken out of a tensor."""

import logging

import torch

logger = logging.getLogger("onnxdx_fixes")


class Net(torch.nn.Module):
    def forward(self, x):
        logger.debug("norm %s", "%.3f" % x.norm().item())  # noqa: UP031  # expect: DX102
        return x * 2


def build():
    return Net(), (torch.rand(4),)
