"""Inputs that the graph does not have, or does not use, although the results of the model depend on them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx
from torch.export.graph_signature import ConstantArgument, InputKind, OutputKind

from onnxdx.compat.pytree import flat_inputs, unflatten_inputs
from onnxdx.compat.torch_operators import OpOverload
from onnxdx.eager.muted import muted
from onnxdx.eager.python_state import PythonState
from onnxdx.eager.trial_calls import TrialCalls
from onnxdx.user_code import definitions
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.rules.dx118_input_baked_in import InputBakedIn
from onnxdx_diagnostics.rules.dx119_no_tensor_inputs import NoTensorInputs
from onnxdx_diagnostics.rules.dx129_input_not_read import InputNotRead


def findings(program: CapturedProgram, *, torn: bool) -> Iterator[Finding]:
    """One finding for each number and each tensor whose value the results depend on, and the graph does not.

    Flags and words choose between ways to compute and are no inputs to anyone; a number that is the default of its
    parameter is none either. That a stand-in does not read a tensor says nothing: what failed may read it. The model is
    called only where there is such an input. A `torn` graph is known to have lost its inputs.
    """
    exported, request = program.exported, program.request
    specs = exported.graph_signature.input_specs
    placeholders = [node for node in exported.graph.nodes if node.op == "placeholder"]
    inputs = [
        (node, spec.arg) for node, spec in zip(placeholders, specs, strict=True) if spec.kind is InputKind.USER_INPUT
    ]
    if all(isinstance(argument, ConstantArgument) for _, argument in inputs):
        if _is_constant(program):
            yield NoTensorInputs(program.sources.site_of_forward(request.model))
        return
    suspects = [
        (position, argument.name)
        for position, (node, argument) in enumerate(inputs)
        if (_is_number(argument) and argument.value != _default(request.model, argument.name))
        or (not program.recovered and isinstance(node.meta.get("val"), torch.Tensor) and not node.users)
    ]
    if torn:
        names = [name for position, name in suspects if not _is_number(inputs[position][1])] or [inputs[0][1].name]
        first = next(node for node in exported.graph.nodes if node.op == "call_function")
        yield from (InputNotRead(program.sources.site(first), name) for name in names)
        return
    if not suspects:
        return
    calls = TrialCalls(request.model, request.args, request.kwargs, PythonState(request.model, program.sources.is_user))
    if not calls.possible:
        return
    flat = flat_inputs(exported, request.args, request.kwargs)
    with calls.state.kept(), muted():
        try:
            first = calls.run()
        except (Exception, SystemExit):  # a model that does not run has no results to compare
            return
        for position, name in suspects:
            if any(_reacts(program, calls, first, flat, position, other) for other in _others(flat[position])):
                value, site = flat[position], _site(program, name)
                tensor = isinstance(value, torch.Tensor)
                yield InputNotRead(site, name) if tensor else InputBakedIn(site, name, repr(value))


def _reacts(
    program: CapturedProgram, calls: TrialCalls, first: list[Any], flat: list[Any], position: int, other: Any
) -> bool:
    """Whether the model gives other results for another value of one input."""
    calls.state.restore()
    changed = [other if index == position else value for index, value in enumerate(flat)]
    args, kwargs = unflatten_inputs(program.exported, changed)
    return calls.differ(first, args, kwargs)


def _others(value: Any) -> list[Any]:
    """Other values of the kind of an input."""
    if isinstance(value, torch.Tensor):
        if value.dtype is torch.bool:
            return [~value]
        return [value + 1, torch.zeros_like(value), torch.ones_like(value)]
    if isinstance(value, int):
        return [value + 1, value - 1, 2 * value]
    return [value * 1.5 + 0.25, value * 0.5]


def _is_number(argument: object) -> bool:
    return isinstance(argument, ConstantArgument) and type(argument.value) in (int, float)


def _default(model: torch.nn.Module, name: str) -> Any:
    parameter = inspect.signature(model.forward).parameters.get(name)
    return inspect.Parameter.empty if parameter is None else parameter.default


def _is_constant(program: CapturedProgram) -> bool:
    """Whether a graph without inputs gives the same in each call: it draws no random numbers and updates no state."""
    outputs = program.exported.graph_signature.output_specs
    if not outputs or any(spec.kind is not OutputKind.USER_OUTPUT for spec in outputs):
        return False
    return not any(map(_draws, program.exported.graph.nodes))


def _draws(node: fx.Node) -> bool:
    return isinstance(node.target, OpOverload) and torch.Tag.nondeterministic_seeded in node.target.tags


def _site(program: CapturedProgram, name: str) -> Site:
    place = definitions.parameter(program.request.model.forward, name)
    if place is None or not program.sources.is_user(place.path):
        return program.sources.site_of_forward(program.request.model)
    return Site(place, module_class=type(program.request.model).__qualname__)
