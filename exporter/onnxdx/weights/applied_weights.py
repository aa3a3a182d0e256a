"""A program that was exported without values, given its weights: in the graph, in the capture and in the module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch

from onnxdx.dtypes import ir_tensor
from onnxdx.request import Lacking
from onnxdx.values import CapturedProgram, OnnxDraft
from onnxdx.weights.absent_weights import replaced_tensors
from onnxdx.weights.fake_mode import known_value
from onnxdx.weights.program_weights import Weights


def apply(draft: OnnxDraft, weights: Weights) -> None:
    """Put the weights into the graph and into the captured program, whose state they are. Raises OSError."""
    state: dict[str, torch.Tensor] = {}
    for value, weight in weights.taken.items():
        tensor = weight.load()
        value.const_value = ir_tensor(tensor, value.name)
        state.update(dict.fromkeys(weight.sources, tensor))
    program = draft.plan.plan.program
    for exported in (program.captured.exported, program.exported):
        for name, tensor in _whole_state(exported, state, weights).items():
            holder = exported.state_dict if name in exported.state_dict else exported.constants
            holder[name] = _as_complex(tensor, holder[name])


def _whole_state(
    exported: torch.export.ExportedProgram, state: Mapping[str, torch.Tensor], weights: Weights
) -> dict[str, torch.Tensor]:
    """`state`, and what else of the module's state the checkpoint has: eager needs what the graph does not."""
    stored = weights.checkpoint.tensors
    more = {name for name in exported.state_dict if name not in state and name in stored}
    return {**state, **{name: stored[name].load() for name in more}}


def _as_complex(tensor: torch.Tensor, like: Any) -> Any:
    """A weight as the module has it: of its dtype, complex where the graph holds pairs, a parameter if it is one."""
    if like.is_complex() and not tensor.is_complex():
        tensor = torch.view_as_complex(tensor)
    tensor = tensor.to(like.dtype)
    return torch.nn.Parameter(tensor, like.requires_grad) if isinstance(like, torch.nn.Parameter) else tensor


def with_inputs(draft: OnnxDraft, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> OnnxDraft:
    """The draft as if the model had been exported with its weights, on these inputs."""
    plan = draft.plan.plan
    request = replace(plan.program.captured.request, args=args, kwargs=kwargs, lacking=Lacking.NOTHING)
    program = replace(plan.program, captured=replace(plan.program.captured, request=request))
    return replace(draft, plan=replace(draft.plan, plan=replace(plan, program=program)))


@contextlib.contextmanager
def in_module(captured: CapturedProgram) -> Iterator[None]:
    """While open, the user's module holds the weights that the captured program has."""
    model, exported = captured.request.model, captured.exported
    held = {**exported.state_dict, **exported.constants}
    named = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    real = {id(tensor): held[name] for name, tensor in named if isinstance(held.get(name), torch.Tensor)}

    def of_others(tensor: torch.Tensor) -> torch.Tensor:
        known = known_value(tensor)
        return tensor if known is None else known

    with replaced_tensors(model, set(real), lambda tensor: real[id(tensor)], of_others):
        yield
