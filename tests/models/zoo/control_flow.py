"""Models whose path depends on the data, by torch's own control-flow operators."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.export import Dim

from zoo.entry import Sample, entry

BATCH = Dim("batch", max=64)


class Gate(nn.Module):
    """`torch.cond` between two sub-networks."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Linear(8, 4)
        self.deep = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cond(x.mean() > 0, self.wide, self.deep, (x,))


@entry("batch", quick=True)
def cond() -> Sample:
    return Sample(Gate(), args=(torch.randn(3, 8),), dynamic_shapes={"x": {0: BATCH}})


class NestedGate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        def low(x: Tensor) -> Tensor:
            return self.linear(x)

        def high(x: Tensor) -> Tensor:
            return torch.cond(x.sum() > 0, lambda x: x.sin() + 1.0, lambda x: x.cos() * 2.0, (x,))

        return torch.cond(level > 2, high, low, (x,))


@entry()
def nested_cond() -> Sample:
    return Sample(NestedGate(), args=(torch.randn(3, 4), torch.tensor(3)))


class Halving(nn.Module):
    """`while_loop`: halve until the norm is below one, counting the steps."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        def too_long(x: Tensor, steps: Tensor) -> Tensor:
            return torch.linalg.vector_norm(x) > 1.0

        def halve(x: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
            return x / 2, steps + 1

        return torch.while_loop(too_long, halve, (x, torch.zeros((), dtype=torch.int64)))


@entry()
def while_loop() -> Sample:
    return Sample(Halving(), args=(10 * torch.randn(3, 4),))


class Recurrence(nn.Module):
    """`scan`: a recurrent cell over time, with the final state and all outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(12, 8)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        def step(state: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
            state = torch.tanh(self.mix(torch.cat([state, value], dim=-1)))
            return state, state.square()

        return torch._higher_order_ops.scan(step, x.new_zeros(3, 8), x, dim=0)


@entry("length")
def scan() -> Sample:
    return Sample(Recurrence(), args=(torch.randn(5, 3, 4),), dynamic_shapes={"x": {0: Dim("length", min=2, max=64)}})


class PerRow(nn.Module):
    """`map`: the same function on every row."""

    def forward(self, x: Tensor, centre: Tensor) -> Tensor:
        return torch._higher_order_ops.map(lambda row, centre: (row - centre).softmax(dim=-1), x, centre)


@entry("batch")
def map_rows() -> Sample:
    return Sample(
        PerRow(),
        args=(torch.randn(3, 4), torch.randn(4)),
        dynamic_shapes={"x": {0: Dim("batch", min=2, max=64)}, "centre": None},
    )
