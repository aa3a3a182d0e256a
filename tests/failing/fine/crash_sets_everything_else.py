"""The script around the model sets what can be set: dtypes, devices, gradients, warnings, streams, signals, threads."""

# runs: onnxdx export {program}:build

import io
import os
import signal
import sys
import warnings

import torch

warnings.simplefilter("error", DeprecationWarning)
warnings.simplefilter("error", FutureWarning)
torch.set_grad_enabled(False)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.set_printoptions(precision=2, sci_mode=False)
torch.set_default_dtype(torch.float16)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.setrecursionlimit(5000)
os.environ["COLUMNS"] = "7"


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 2, dtype=torch.float32)

    def forward(self, x):
        return self.linear(x)


def build():
    sys.stdout = io.StringIO()
    return Net().eval(), (torch.rand(2, 4, dtype=torch.float32),)
