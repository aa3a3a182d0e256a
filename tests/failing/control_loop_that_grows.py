"""The state of a `while_loop` becomes longer in every turn (pytorch/pytorch#174013)."""

import torch
from torch._higher_order_ops import while_loop


class Generate(torch.nn.Module):
    def forward(self, turns, tokens):
        def more(turns, tokens):
            return turns > 0

        def step(turns, tokens):
            return turns - 1, torch.cat([tokens, tokens[-1:] + 1])

        return while_loop(more, step, (turns, tokens))[1]  # expect: DX120


def build():
    return Generate(), (torch.tensor(3), torch.tensor([1, 2]))
