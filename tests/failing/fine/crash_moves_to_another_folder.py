"""Building the model changes the current folder, and so does running it; the model goes where it was asked for."""

# runs: onnxdx export {program}:build -o moved.onnx

import os
import tempfile
from pathlib import Path

import torch

HERE = Path.cwd()


class Net(torch.nn.Module):
    def forward(self, x):
        os.chdir(tempfile.gettempdir())
        return x * 2


def build():
    os.chdir("/")
    return Net(), (torch.rand(2),)
