"""A custom operator that writes new keys into a part of a cache."""

import torch


@torch.library.custom_op("customop_writes_its_cache::append", mutates_args={"cache"})
def append(cache: torch.Tensor, new: torch.Tensor, at: int) -> None:
    cache[:, at : at + new.shape[1]] = new


class Net(torch.nn.Module):
    def forward(self, query, key):
        cache = torch.zeros(key.shape[0], 2, 6, key.shape[2])
        append(cache[:, 0], key, 0)  # expect: DX301
        append(cache[:, 1], key * 2, 3)  # expect: DX301
        return (query @ cache.sum(1).transpose(1, 2)).softmax(-1)


def build():
    return Net(), (torch.rand(2, 3, 4), torch.rand(2, 3, 4))
