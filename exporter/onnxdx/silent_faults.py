"""Faults that nobody raises: a model is captured, and yet the graph is not all that its code does or asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import CodeType

from torch.export import ExportedProgram

from onnxdx import custom_operators, effects, training_mode
from onnxdx.provenance import SourceMap
from onnxdx.python_state import Change
from onnxdx.request import ExportRequest
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.finding import Finding


def findings(program: CapturedProgram, changed: Sequence[Change], codes: Sequence[CodeType]) -> Iterator[Finding]:
    """What is to be said of a captured program; the model is in the mode that it is exported in, without gradients.

    `changed` is what the capture changed of the Python state, `codes` are the functions of the model that it ran.
    """
    request, sources = program.request, program.sources
    own = [code for code in codes if sources.is_user(code.co_filename)]
    yield from wrong_operators(program.exported, request, sources)
    yield from training_mode.findings(program)
    yield from effects.findings(request.model, request.args, request.kwargs, sources, changed, own)


def wrong_operators(exported: ExportedProgram, request: ExportRequest, sources: SourceMap) -> list[Finding]:
    """One finding for each operator in a graph that is not what its schema or its fake kernel says."""
    if not custom_operators.are_called(exported.graph_module, exported.graph):
        return []
    return custom_operators.findings(request.model, request.args, request.kwargs, sources)
