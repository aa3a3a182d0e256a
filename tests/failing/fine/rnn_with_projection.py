"""An LSTM whose outputs are projected, which the LSTM of ONNX has no input for (pytorch/pytorch#118740)."""

# prints: UserWarning: LSTM with projections is not supported with oneDNN
# prints: result = _VF.lstm

import torch


class Projected(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(4, 8, proj_size=3, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]


def build():
    return Projected().eval(), (torch.rand(2, 4, 4),)
