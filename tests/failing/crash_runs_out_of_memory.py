"""The system kills the process, as it does when memory runs out; nobody can say on which line."""

# runs: onnxdx export {program}:build

import os
import signal

import torch


class Net(torch.nn.Module):
    def forward(self, x):
        os.kill(os.getpid(), signal.SIGKILL)
        return x * 2


def build():  # expect: DX802
    return Net(), (torch.rand(2),)
