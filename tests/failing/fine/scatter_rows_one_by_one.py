"""Rows are put into place one by one, at places that are values (pytorch/pytorch#29647)."""

import torch


class Place(torch.nn.Module):
    def forward(self, rows, places):
        table = torch.zeros(6, rows.shape[1])
        for number in range(rows.shape[0]):
            table[int(places[number])] = rows[number]
        return table


def build():
    return Place(), (torch.rand(3, 4), torch.tensor([5, 0, 2]))
