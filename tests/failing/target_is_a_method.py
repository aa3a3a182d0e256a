"""What is exported is a method of a predictor, not its module (pytorch/tutorials#3180)."""

import torch


class Predictor:
    def __init__(self):
        self.model = torch.nn.Linear(4, 2)

    def predict(self, points):
        return self.model(points).sigmoid()


def build():  # expect: DX704
    return Predictor().predict, (torch.rand(3, 4),)
