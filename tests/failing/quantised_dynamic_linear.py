"""A model after `quantize_dynamic`, whose weights are packed into an object (pytorch/pytorch#137111, #90986)."""

# prints: UserWarning: torch.quantize_per_tensor
# prints: qweight = torch.quantize_per_tensor

import torch


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = torch.nn.Linear(8, 8)

    def forward(self, x):
        return self.hidden(x).relu()  # expect: DX110


def build():
    model = torch.ao.quantization.quantize_dynamic(Classifier().eval(), {torch.nn.Linear}, dtype=torch.qint8)
    return model, (torch.rand(2, 8),)
