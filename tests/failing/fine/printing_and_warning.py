"""Prints, logs and warnings about shapes, and values formatted as they come (pytorch/pytorch#93739, #113792)."""

# prints: ^shape torch.Size\(\[2, 4\]\)$
# prints: UserWarning: two rows
# prints: warnings\.warn\(f"two rows

import logging
import warnings

import torch

logger = logging.getLogger("corpus")


class Net(torch.nn.Module):
    def forward(self, x):
        print("shape", x.shape)
        if x.shape[0] < 3:
            warnings.warn(f"two rows only of {x.dtype}", stacklevel=1)
        logger.debug(f"mean {x.mean():.3f}")
        logger.info("first %s", x[0])
        return x * 2


def build():
    return Net(), (torch.rand(2, 4),)
