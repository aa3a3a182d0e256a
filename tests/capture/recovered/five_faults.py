from dataclasses import dataclass

import numpy as np
import torch


@torch.library.custom_op("onnxdx_recovery_tests::twist", mutates_args=())
def twist(x: torch.Tensor) -> torch.Tensor:
    return x.flip(0)


@dataclass
class Out:
    y: torch.Tensor


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # expect: DX101
            x = x * 2
        a = np.tanh(x.numpy())  # expect: DX110
        x = x + torch.from_numpy(a)
        x = twist(x)  # expect: DX111
        if x.shape[0] > 10:
            x = x + 1
        return Out(x)  # expect: DX109


def build():
    return Net(), (torch.rand(4, 3),), {}, {"x": {0: "batch"}}
