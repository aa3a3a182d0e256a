"""`forward` waits for a worker that never comes."""

# runs: onnxdx export {program}:build --timeout 6

import threading

import torch

READY = threading.Event()


class Net(torch.nn.Module):
    def forward(self, x):
        READY.wait()  # expect: DX801
        return x * 2


def build():
    return Net(), (torch.rand(2),)
