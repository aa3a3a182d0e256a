"""Weights that are still to come: models that are fake or on `meta`, and what stands for their weights in ONNX."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import onnx_ir as ir
import torch

from onnxdx.compat.fake_tensors import fake_mode_of
from onnxdx.compat.pytree import leaves_of, with_leaves
from onnxdx.compat.storages import own_state, storage_key
from onnxdx.request import ExportRequest, Lacking
from onnxdx.weights.fake_mode import FakeContext, known_value


class NoValues(ValueError):
    """The values of a weight are asked for, and the program has none: it was exported in fake mode."""


class AbsentWeight(ir.LazyTensor):
    """A weight of an exported model whose values come later; whoever asks for them gets NoValues.

    `sources` are its names in the module: its own, and those of weights that the module ties to it.
    """

    def __init__(self, name: str, dtype: ir.DataType, shape: ir.Shape, sources: tuple[str, ...]) -> None:
        super().__init__(partial(_refuse, sources[0]), dtype=dtype, shape=shape, name=name)
        self.sources = sources


def _refuse(name: str) -> NoReturn:
    raise NoValues(
        f"`{name}` has no values: give them with `apply_weights(...)` or `save(..., model_state=...)`, "
        f"or leave the weights out with `save(..., include_weights=False)`"
    )


def absent_weights(model: ir.Model) -> dict[ir.Value, AbsentWeight]:
    """The weights of a model whose values are still to come."""
    values = model.graph.initializers.values()
    return {value: value.const_value for value in values if isinstance(value.const_value, AbsentWeight)}


def require_values(model: ir.Model) -> None:
    """Raise NoValues when a weight of the model is still to come."""
    for weight in absent_weights(model).values():
        weight.numpy()


@contextlib.contextmanager
def hidden(model: ir.Model) -> Iterator[None]:
    """While open, weights without values are no constants: nothing can be computed from them."""
    absent = absent_weights(model)
    for value in absent:
        value.const_value = None
    try:
        yield
    finally:
        for value, weight in absent.items():
            weight.name = value.name
            value.const_value = weight


@contextlib.contextmanager
def prepared(request: ExportRequest) -> Iterator[ExportRequest]:
    """The request as it can be captured: tensors of `meta` are fake ones on the CPU, and says what has no values.

    When one weight of the model has no values, or a fake context was given, all parameters and buffers of its state
    dict are weights to come; tensors beside those have the values that are known. The model is put back at the end.
    """
    args, kwargs = tuple(request.args), dict(request.kwargs)
    weights = request.options.fake_context is not None or any(map(is_empty, request.model.parameters()))
    weights = weights or any(map(is_empty, request.model.buffers()))
    inputs = any(map(is_empty, leaves_of((args, kwargs))))
    if not weights and not inputs:
        yield request
        return
    context = request.options.fake_context or FakeContext()
    if inputs:
        args, kwargs = with_leaves(lambda leaf: _on_cpu(leaf, context), (args, kwargs))
    lacking = Lacking.WEIGHTS if weights else Lacking.INPUTS
    with _weights_to_come(request.model, context) if weights else contextlib.nullcontext():
        yield replace(request, args=args, kwargs=kwargs, lacking=lacking)


def is_empty(value: object) -> bool:
    """Whether this is a tensor without values."""
    return isinstance(value, torch.Tensor) and (value.is_meta or fake_mode_of(value) is not None)


def _on_cpu(leaf: Any, context: FakeContext) -> Any:
    on_meta = isinstance(leaf, torch.Tensor) and leaf.is_meta and fake_mode_of(leaf) is None
    return context.fake_like(leaf) if on_meta else leaf


@contextlib.contextmanager
def _weights_to_come(model: torch.nn.Module, context: FakeContext) -> Iterator[None]:
    """While open, the state of the model is fake, and what is not part of it has values where they are known."""
    with replaced_tensors(model, _of_state(model), lambda tensor: _fake(tensor, context), _with_values(context)):
        yield


def _fake(tensor: torch.Tensor, context: FakeContext) -> torch.Tensor:
    return tensor if fake_mode_of(tensor) is not None else context.fake_like(tensor)


def _with_values(context: FakeContext) -> Any:
    def valued(tensor: torch.Tensor) -> torch.Tensor:
        if not is_empty(tensor):
            return tensor
        known = known_value(tensor)
        return known if known is not None else _fake(tensor, context)

    return valued


def _of_state(model: torch.nn.Module) -> set[int]:
    """The parameters and buffers that a state dict of the model holds, by id."""
    state = model.state_dict(keep_vars=True).values()
    return {id(tensor) for tensor in (*model.parameters(), *state) if isinstance(tensor, torch.Tensor)}


@contextlib.contextmanager
def replaced_tensors(model: torch.nn.Module, state: set[int], of_state: Any, of_others: Any) -> Iterator[None]:
    """While open, every tensor of the model is another: `of_state(tensor)` for those in `state`, else `of_others`.

    What is one tensor in several places stays one tensor.
    """
    made: dict[int, torch.Tensor] = {}
    before: list[tuple[dict[str, Any], str, torch.Tensor]] = []
    for module in model.modules():
        for holder in (*own_state(module), vars(module)):
            for name, tensor in list(holder.items()):
                if not isinstance(tensor, torch.Tensor):
                    continue
                if id(tensor) not in made:
                    made[id(tensor)] = (of_state if id(tensor) in state else of_others)(tensor)
                before.append((holder, name, tensor))
                holder[name] = made[id(tensor)]
    try:
        yield
    finally:
        for holder, name, tensor in before:
            holder[name] = tensor


def storage_identity(tensor: torch.Tensor) -> object:
    """What weights that are one tensor have in common, fake ones too."""
    place = storage_key(tensor.untyped_storage())
    return (place, tensor.storage_offset(), tensor.dtype, tuple(tensor.shape), tensor.stride())
