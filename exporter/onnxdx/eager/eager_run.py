"""Running the user's model as PyTorch does, without leaving a trace in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from onnxdx.compat.pytree import leaves_of, unflatten_inputs
from onnxdx.compat.torch_operators import HigherOrderOperator
from onnxdx.eager.mode import exported_mode


@dataclass(frozen=True)
class EagerRun:
    """What one eager call gave: flattened outputs, the flattened inputs as the call left them, and the state after it.

    `state` holds all buffers and the parameters that the call was said to update. `kept` names attributes of modules
    that the call set to other tensors: state that an exported model does not have.
    """

    outputs: tuple[Any, ...]
    inputs: tuple[Any, ...]
    state: Mapping[str, torch.Tensor]
    kept: tuple[str, ...] = ()


@contextlib.contextmanager
def untouched(model: torch.nn.Module, training: bool, updated: Collection[str] = ()) -> Iterator[None]:
    """The model in eval mode (unless `training` leaves it as it is), without gradients; everything is put back after.

    Training flags, plain attributes that are or become tensors, buffers, the parameters named in `updated` and the
    random state are restored, whatever the block does. Other attributes stay: a flag may belong to a hook that the
    block installed.
    """
    attributes = [(module, dict(vars(module))) for module in model.modules()]
    state = {name: tensor.detach().clone() for name, tensor in _state(model, updated)}
    random = torch.get_rng_state()
    try:
        with exported_mode(model, training), torch.no_grad():
            yield
    finally:
        for module, before in attributes:
            for name in {
                *_tensors_of(module),
                *(key for key, value in before.items() if isinstance(value, torch.Tensor)),
            }:
                if name in before:
                    vars(module)[name] = before[name]
                else:
                    del vars(module)[name]
        with torch.no_grad():
            for name, tensor in _state(model, updated):
                if name in state and not _same(tensor, state[name]):
                    tensor.copy_(state[name])
        torch.set_rng_state(random)


def _state(model: torch.nn.Module, updated: Collection[str]) -> Iterator[tuple[str, torch.Tensor]]:
    yield from model.named_buffers()
    if updated:
        yield from ((name, parameter) for name, parameter in model.named_parameters() if name in updated)


def run_eager(
    model: torch.nn.Module,
    exported: torch.export.ExportedProgram,
    flat: Sequence[Any],
    training: bool,
    updated: Collection[str] = (),
    earlier: Sequence[Sequence[Any]] = (),
    between: Callable[[], None] = lambda: None,
) -> EagerRun:
    """Call the model on flattened inputs, which are cloned; each call, also those on `earlier` inputs, draws the same.

    `between` is called before the last call. Raises what the model raises.
    """
    with untouched(model, training, updated), _uncompiled(exported):
        before, random = _tensor_attributes(model), torch.get_rng_state()
        for index, given in enumerate((*earlier, flat)):
            if index == len(earlier):
                between()
            torch.set_rng_state(random)
            inputs = tuple(value.detach().clone() if isinstance(value, torch.Tensor) else value for value in given)
            args, kwargs = unflatten_inputs(exported, inputs)
            result = model(*args, **kwargs)
        outputs = tuple(leaf.detach().clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves_of(result))
        state = {name: tensor.detach().clone() for name, tensor in _state(model, updated)}
        after = _tensor_attributes(model)
    kept = tuple(name for name, tensor in after.items() if before.get(name) is not tensor)
    return EagerRun(outputs, inputs, state, kept)


@contextlib.contextmanager
def _uncompiled(exported: torch.export.ExportedProgram) -> Iterator[None]:
    """While open, what the user has compiled runs as it is written: to compile it takes longer than an export.

    Not where the model has control flow: torch compiles that to run it at all.
    """
    if any(isinstance(node.target, HigherOrderOperator) for node in exported.graph.nodes):
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


def _same(tensor: torch.Tensor, saved: torch.Tensor) -> bool:
    """Whether nothing was written; NaN is the same as NaN. What has another shape now is not written back."""
    if tensor.shape != saved.shape:
        return True
    return bool(((tensor == saved) | ((tensor != tensor) & (saved != saved))).all())


def _tensor_attributes(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Tensors that modules hold as plain attributes, neither parameters nor buffers, by dotted name."""
    return {
        f"{path}.{name}".lstrip("."): value
        for path, module in model.named_modules()
        for name, value in _tensors_of(module).items()
    }


def _tensors_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value for name, value in vars(module).items() if isinstance(value, torch.Tensor)}
