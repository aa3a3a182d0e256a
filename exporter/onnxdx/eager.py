"""Running the user's model as PyTorch does, without leaving a trace in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from onnxdx.compat import leaves_of, unflatten_inputs


@dataclass(frozen=True)
class EagerRun:
    """What one eager call gave: flattened outputs, the flattened inputs as the call left them, the buffers after it."""

    outputs: tuple[Any, ...]
    inputs: tuple[Any, ...]
    buffers: Mapping[str, torch.Tensor]


@contextlib.contextmanager
def untouched(model: torch.nn.Module, training: bool) -> Iterator[None]:
    """The model in eval mode (unless `training` leaves it as it is), without gradients; everything is put back after.

    Training flags, buffers and the random state are restored, whatever the block does.
    """
    flags = [(module, module.training) for module in model.modules()]
    buffers = {name: buffer.detach().clone() for name, buffer in model.named_buffers()}
    random = torch.get_rng_state()
    if not training:
        model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                if name in buffers and buffer.shape == buffers[name].shape:
                    buffer.copy_(buffers[name])
        torch.set_rng_state(random)
        for module, flag in flags:
            module.training = flag


def run_eager(
    model: torch.nn.Module, exported: torch.export.ExportedProgram, flat: Sequence[Any], training: bool
) -> EagerRun:
    """Call the model on flattened inputs, which are cloned first. Raises what the model raises."""
    inputs = tuple(value.detach().clone() if isinstance(value, torch.Tensor) else value for value in flat)
    args, kwargs = unflatten_inputs(exported, inputs)
    with untouched(model, training):
        result = model(*args, **kwargs)
        outputs = tuple(leaf.detach().clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves_of(result))
        buffers = {name: buffer.detach().clone() for name, buffer in model.named_buffers()}
    return EagerRun(outputs, inputs, buffers)
