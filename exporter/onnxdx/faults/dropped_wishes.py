"""What the user's code says to the TorchScript exporter, and torch.export does not hear."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

import torch
from torch import fx

from onnxdx.compat.foreign_registries import symbolic_function
from onnxdx.compat.torch_operators import OpOverload, is_builtin, schema
from onnxdx.eager.muted import muted
from onnxdx.eager.python_state import PythonState
from onnxdx.eager.trial_calls import TrialCalls
from onnxdx.graph.operators import called_graphs
from onnxdx.user_code import definitions
from onnxdx.user_code.provenance import SourceMap
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics import source
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.rules.dx420_symbolic_ignored import SymbolicIgnored
from onnxdx_diagnostics.rules.dx421_registration_ignored import RegistrationIgnored
from onnxdx_diagnostics.rules.dx422_onnx_branch_not_taken import OnnxBranchNotTaken


def findings(
    program: CapturedProgram,
    codes: Sequence[CodeType],
    ran: Sequence[CodeType],
    namespaces: Sequence[Mapping[str, Any]],
) -> Iterator[Finding]:
    """One finding for each wish about the ONNX graph that this graph does not follow.

    `ran` are the user's functions that the capture ran, `codes` these and those that they name, `namespaces` the
    globals of their files.
    """
    yield from _symbolics(program, codes, ran, namespaces)
    yield from _registrations(program)
    yield from _branches(program.sources, ran)


def _symbolics(
    program: CapturedProgram,
    codes: Sequence[CodeType],
    ran: Sequence[CodeType],
    namespaces: Sequence[Mapping[str, Any]],
) -> Iterator[Finding]:
    """The methods `symbolic` of the autograd functions that the capture went through."""
    ran_codes = {id(code) for code in ran}  # equal code stands in other files, too
    named = {name for code in codes for name in code.co_names}
    for function in _subclasses(torch.autograd.Function):
        method, forward = _method(function, "symbolic"), _method(function, "forward")
        if method is None or forward is None:
            continue
        if id(forward.__code__) in ran_codes or (
            _is_named(function, named, namespaces) and _passes_through(program, forward.__code__)
        ):
            code = method.__code__
            if program.sources.is_user(code.co_filename):
                site = Site(definitions.definition(method), module_class=function.__qualname__)
                yield SymbolicIgnored(site, function.__name__)


def _method(function: type, name: str) -> FunctionType | None:
    """A static method that an autograd function, or a class it comes from, is written with."""
    found = next((vars(cls)[name] for cls in function.__mro__ if name in vars(cls)), None)
    method = getattr(found, "__func__", found)
    return method if isinstance(method, FunctionType) else None


def _subclasses(cls: type) -> Iterator[type]:
    each: type
    for each in cls.__subclasses__():
        yield each
        yield from _subclasses(each)


def _is_named(function: type, named: set[str], namespaces: Sequence[Mapping[str, Any]]) -> bool:
    """Whether code that ran names an autograd function, or its `apply` under another name."""
    for name, value in itertools.chain.from_iterable(names.items() for names in namespaces):
        if name in named and (value is function or getattr(value, "__self__", None) is function):
            return True
    return False


def _passes_through(program: CapturedProgram, forward: CodeType) -> bool:
    """Whether a call of the model runs a function that leaves no operator in the graph."""
    request = program.request
    state = PythonState(request.model, program.sources.is_user)
    calls = TrialCalls(request.model, request.args, request.kwargs, state)
    if not calls.possible:
        return False
    with state.kept(), muted():
        return calls.runs(forward)


def _registrations(program: CapturedProgram) -> Iterator[Finding]:
    """The symbolic functions that were registered for operators of the graph."""
    for node in _custom_calls(program.exported.graph_module, program.exported.graph):
        name = schema(node.target).name
        registered = symbolic_function(name)
        code = getattr(registered, "__code__", None)
        if code is None:
            continue
        site = program.sources.site(node)
        if program.sources.is_user(code.co_filename):
            site = Site(source.region(code.co_filename, code.co_firstlineno))
        yield RegistrationIgnored(site, name)


def _custom_calls(owner: Any, graph: fx.Graph) -> Iterator[Any]:
    for node in graph.nodes:
        if isinstance(node.target, OpOverload) and not is_builtin(node.target):
            yield node
    for _, body in called_graphs(owner, graph):
        yield from _custom_calls(body, body.graph)


def _branches(sources: SourceMap, ran: Sequence[CodeType]) -> Iterator[Finding]:
    """The questions whether torch.onnx exports, which are answered with no."""
    for code in ran:
        if "is_in_onnx_export" not in code.co_names:
            continue
        last = max((line for *_, line in code.co_lines() if line is not None), default=code.co_firstlineno)
        for call in definitions.calls_of(code.co_filename, "is_in_onnx_export"):
            if code.co_firstlineno <= call.lineno <= last:
                place = source.region(code.co_filename, call.lineno, "is_in_onnx_export")
                yield OnnxBranchNotTaken(Site(place))
