"""Faults that nobody raises: a model is captured, and yet the graph is not all that its code does or asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import CodeType

from torch.export import ExportedProgram

from onnxdx.compat.fake_tensors import is_functorch_tensor
from onnxdx.compat.pytree import leaves_of
from onnxdx.compat.pytree_types import PLAIN_LEAVES
from onnxdx.eager.python_state import Change, namespaces_of
from onnxdx.faults import baked_inputs, custom_operators, dropped_wishes, effects, training_mode
from onnxdx.faults.reached_code import functions_reached
from onnxdx.request import ExportRequest
from onnxdx.user_code.provenance import SourceMap
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.finding import Finding


def findings(program: CapturedProgram, changed: Sequence[Change], codes: Sequence[CodeType]) -> Iterator[Finding]:
    """What is to be said of a captured program; the model is in the mode that it is exported in, without gradients.

    `changed` is what the capture changed of the Python state, `codes` are the functions of the model that it ran.
    """
    request, sources = program.request, program.sources
    ran = [code for code in codes if sources.is_user(code.co_filename)]
    namespaces = namespaces_of(request.model, sources.is_user)
    reached = functions_reached(ran, request.model, namespaces)
    yield from wrong_operators(program.exported, request, sources)
    leaves = leaves_of((request.args, dict(request.kwargs)))
    if all(isinstance(leaf, PLAIN_LEAVES) for leaf in leaves):  # else a finding says that it is no input at all
        yield from baked_inputs.findings(program, torn=is_torn(program))
    yield from training_mode.findings(program)
    yield from dropped_wishes.findings(program, reached, ran, namespaces)
    yield from effects.findings(request.model, request.args, request.kwargs, sources, changed, reached)


def is_torn(program: CapturedProgram) -> bool:
    """Whether the graph computes with constants that are no tensors, so that no later pass can speak of it.

    `torch.func.grad` leaves such: tensors of a derivative that is over.
    """
    return any(is_functorch_tensor(value) for value in program.exported.constants.values())


def wrong_operators(exported: ExportedProgram, request: ExportRequest, sources: SourceMap) -> list[Finding]:
    """One finding for each operator in a graph that is not what its schema or its fake kernel says."""
    if not custom_operators.are_called(exported.graph_module, exported.graph):
        return []
    return custom_operators.findings(request.model, request.args, request.kwargs, sources)
