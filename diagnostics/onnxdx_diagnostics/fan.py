"""What belongs to each of very many things, in two arrays."""

from __future__ import annotations

from array import array
from collections.abc import Sequence


class Fan:
    """For each of `count` things the numbers that belong to it: very many small lists would cost more."""

    def __init__(self, ends: Sequence[int], others: Sequence[int], count: int) -> None:
        """To the thing `ends[i]` belongs `others[i]`; those of one thing stay in the order in which they are given."""
        starts = array("i", bytes(4 * (count + 1)))
        for end in ends:
            starts[end + 1] += 1
        for node in range(count):
            starts[node + 1] += starts[node]
        free, filled = starts[:], array("i", bytes(4 * len(others)))
        for end, other in zip(ends, others, strict=True):
            at = free[end]
            filled[at] = other
            free[end] = at + 1
        self._starts, self._others = starts, filled

    def __getitem__(self, node: int) -> Sequence[int]:
        return self._others[self._starts[node] : self._starts[node + 1]]

    def __len__(self) -> int:
        return len(self._starts) - 1
