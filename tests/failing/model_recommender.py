"""A recommender with bags of items, crossed features and several towers (pytorch/pytorch#138485, #128930).

Identifiers are hashed by an operator of a C++ library; the tower is picked from a list by a tensor; dense features are
cleaned where they stand; flags are negated as they come, as bytes.
"""

import torch
import torch.nn.functional as F

WIDTH, BUCKETS = 6, 32


@torch.library.custom_op("corpus_recommender::hashed", mutates_args=())
def hashed(identifiers: torch.Tensor, buckets: int) -> torch.Tensor:
    return (identifiers * 2654435761 % 4294967296) % buckets


@hashed.register_fake
def _(identifiers, buckets):
    return torch.empty_like(identifiers)


class Bags(torch.nn.Module):
    """The mean of the items a user has seen, and the sum of their tags."""

    def __init__(self):
        super().__init__()
        self.items = torch.nn.EmbeddingBag(BUCKETS, WIDTH, mode="mean")
        self.tags = torch.nn.EmbeddingBag(8, WIDTH, mode="sum", padding_idx=0)

    def forward(self, items, tags):
        places = hashed(items, BUCKETS)  # expect: DX301
        return self.items(places), self.tags(tags)


class Dense(torch.nn.Module):
    def __init__(self, count):
        super().__init__()
        self.register_buffer("edges", torch.tensor([0.1, 0.5, 2.0]))
        self.level = torch.nn.Embedding(4, WIDTH)
        self.project = torch.nn.Linear(count, WIDTH)

    def forward(self, numbers):
        numbers.clamp_(min=0)  # expect: DX414
        levels = torch.bucketize(numbers, self.edges)
        return self.project(numbers.log1p()) + self.level(levels).mean(1)


class Flags(torch.nn.Module):
    def __init__(self, count):
        super().__init__()
        self.project = torch.nn.Linear(count, WIDTH)

    def forward(self, flags):
        return self.project((-flags).float() / 255)  # expect: DX304


class Cross(torch.nn.Module):
    """Products of all pairs of fields, as in factorisation machines."""

    def forward(self, fields):
        summed = fields.sum(1)
        second = (summed.square() - fields.square().sum(1)) / 2
        pairs = torch.einsum("bix,bjx->bij", fields, fields)
        above = torch.triu(torch.ones(fields.shape[1], fields.shape[1]), 1).bool()
        return torch.cat([second, pairs[:, above]], 1)


class Tower(torch.nn.Module):
    def __init__(self, inside):
        super().__init__()
        self.first = torch.nn.Linear(inside, 8)
        self.norm = torch.nn.BatchNorm1d(8)
        self.second = torch.nn.Linear(8, 1)

    def forward(self, x):
        return self.second(F.relu(self.norm(self.first(x))))


class Recommender(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bags = Bags()
        self.dense = Dense(3)
        self.flags = Flags(4)
        self.cross = Cross()
        self.towers = torch.nn.ModuleList(Tower(WIDTH + 6) for _ in range(3))
        self.calibration = torch.nn.Parameter(torch.tensor([0.1, 1.2]))

    def fields(self, items, tags, numbers, flags):
        seen, labels = self.bags(items, tags)
        return torch.stack([seen, labels, self.dense(numbers), self.flags(flags)], 1)

    def forward(self, items, tags, numbers, flags, kind):
        crossed = self.cross(self.fields(items, tags, numbers, flags))
        towers = list(self.towers)
        score = towers[kind](crossed)  # expect: DX102
        shift, slope = self.calibration
        return torch.sigmoid(score * slope + shift).squeeze(-1)


def build():
    torch.manual_seed(0)
    items = torch.randint(0, 10**6, (2, 5))
    tags = torch.randint(0, 8, (2, 4))
    flags = torch.randint(0, 255, (2, 4), dtype=torch.uint8)
    return Recommender().eval(), (items, tags, torch.rand(2, 3), flags, torch.tensor(1))
