import logging
import random
import uuid

import torch
from torch import nn

log = logging.getLogger("effects")


class Net(nn.Module):
    def forward(self, x):
        log.info("call %s %s", uuid.uuid4(), random.random())
        print("forward")
        return x * 2


def build():
    torch.manual_seed(0)
    return Net(), (torch.rand(2, 3),)
