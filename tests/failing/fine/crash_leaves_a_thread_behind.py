"""A loader thread that the model starts is never joined, and would keep the process alive for an hour."""

# runs: onnxdx export {program}:build

import threading
import time

import torch


def build():
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return torch.nn.Linear(4, 2), (torch.rand(1, 4),)
