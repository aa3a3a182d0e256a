"""Positions are laid out for images whose sizes in patches are an input (pytorch/pytorch#158786)."""

import torch


class Positions(torch.nn.Module):
    def forward(self, grid):
        found = []
        for height, width in grid:
            height, width = height.item(), width.item()
            rows = torch.arange(height).unsqueeze(1).expand(-1, width)
            rows = rows.reshape(height // 2, 2, width // 2, 2)
            found.append(rows.permute(0, 2, 1, 3).flatten())
        return torch.cat(found)


def build():
    return Positions(), (torch.tensor([[4, 6]]),)
