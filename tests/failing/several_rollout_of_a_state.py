"""A small environment inside the model: a dataclass state goes in and out, and steps stop by its values."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass  # expect: DX108
class State:
    pos: torch.Tensor
    vel: torch.Tensor


class Roll(nn.Module):
    def __init__(self):
        super().__init__()
        self.pi = nn.Linear(4, 2)

    def forward(self, state):
        for _ in range(3):
            force = self.pi(torch.cat([state.pos, state.vel], -1)).tanh()
            state = State(state.pos + 0.1 * state.vel, state.vel + force)
            if state.pos.norm() > 10:  # expect: DX101
                break
        return state


def build():
    return Roll().eval(), (State(torch.zeros(1, 2), torch.ones(1, 2)),)
