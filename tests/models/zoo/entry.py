"""What a model of the zoo is: a name, a builder, and the sample that the builder makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True)
class Sample:
    """A model with everything `torch.export.export` wants besides: inputs, and which of their dims are dynamic.

    `trained` weights are kept as they are; others are made lively.
    """

    model: torch.nn.Module
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    dynamic_shapes: Any = None
    trained: bool = False


@dataclass(frozen=True)
class Entry:
    """One model of the zoo.

    `dims` names its dynamic dims; `quick` puts it into the normal test run; `expects` are the ids of the notes that are
    true of it (none, for nearly every model).
    """

    name: str
    family: str
    dims: tuple[str, ...]
    quick: bool
    expects: tuple[str, ...]
    make: Callable[[], Sample]

    def build(self) -> Sample:
        """The sample, the same one at every call: weights and inputs come from a fixed seed."""
        torch.manual_seed(0)
        sample = self.make()
        if not sample.trained:
            _enliven(sample.model)
        sample.model.eval()
        return sample


def entry(*dims: str, quick: bool = False, expects: tuple[str, ...] = ()) -> Callable[[Callable[[], Sample]], Entry]:
    """Make a function that builds a sample an entry; its name and its module's name are the entry's name and family."""

    def decorate(make: Callable[[], Sample]) -> Entry:
        family = make.__module__.rpartition(".")[2].replace("_", "-")
        return Entry(make.__name__.replace("_", "-"), family, dims, quick, expects, make)

    return decorate


@torch.no_grad()
def _enliven(model: torch.nn.Module) -> None:
    """Give a fresh model weights under which a mistake shows.

    Initial weights hide mistakes: biases are zero, scales are one, running statistics are those of no data, and small
    deviations make outputs so small that any two of them are close.
    """
    for weight in model.parameters():
        if not weight.requires_grad or not weight.dtype.is_floating_point or not weight.dim():
            continue
        if weight.dim() == 1:
            weight.add_(0.1 * torch.randn_like(weight))
        else:
            weight.normal_(std=weight[0].numel() ** -0.5)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
