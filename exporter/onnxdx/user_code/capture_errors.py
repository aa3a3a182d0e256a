"""What torch.export raises, told as findings on the user's own lines."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import fx

from onnxdx.compat.conditions import is_relation, speaks_of, written
from onnxdx.compat.control_flow import control_flow_of, control_flow_problem
from onnxdx.compat.kernels import has_fake_kernel
from onnxdx.compat.pytree import leaves_of
from onnxdx.compat.pytree_types import PLAIN_LEAVES
from onnxdx.compat.symbolic_sizes import asks_truth
from onnxdx.compat.torch_errors import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    GuardOnDataDependentSymNode,
    Unsupported,
    UnsupportedOperatorException,
    graph_break,
    is_derivative,
    is_opaque,
    is_violation,
    names_a_number,
    needs_memory,
)
from onnxdx.compat.torch_operators import OpOverload, nests, schema
from onnxdx.user_code import constructs, definitions
from onnxdx.user_code.constructs import Construct
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_code.stacks import Spot, chain_of
from onnxdx_diagnostics import ownership
from onnxdx_diagnostics.finding import Finding, Site
from onnxdx_diagnostics.rules.dx101_data_dependent_branch import DataDependentBranch
from onnxdx_diagnostics.rules.dx102_data_dependent_value import DataDependentValue
from onnxdx_diagnostics.rules.dx103_data_dependent_size import DataDependentSize
from onnxdx_diagnostics.rules.dx108_input_not_pytree import InputNotPytree
from onnxdx_diagnostics.rules.dx109_output_not_pytree import OutputNotPytree
from onnxdx_diagnostics.rules.dx110_unsupported_python import UnsupportedPython
from onnxdx_diagnostics.rules.dx111_no_fake_kernel import NoFakeKernel
from onnxdx_diagnostics.rules.dx114_script_module import ScriptModule
from onnxdx_diagnostics.rules.dx116_model_fails_in_eager import ModelFailsInEager
from onnxdx_diagnostics.rules.dx120_control_flow_misfit import ControlFlowMisfit
from onnxdx_diagnostics.rules.dx199_capture_failed import CaptureFailed
from onnxdx_diagnostics.rules.dx308_layout_not_supported import LayoutNotSupported

_MEMORY = "it reads the memory of a tensor, which has none while it is captured"
_DERIVATIVE = "it takes the derivative of a function that uses more tensors than its arguments"
_SCRIPT = "torch.jit.script/freeze modules unsupported"
_BRANCHES = ("Data-dependent branching", "Data-dependent assertion failed (cannot compile partial graph)")
_PLAIN_FAILURES = (
    "RuntimeError when making fake tensor call",
    "Observed exception",
    "TypeError when making fake tensor call",
)


def explained(error: BaseException, sources: SourceMap) -> Finding | None:
    """The finding for an error whose kind torch tells by its class; None for an exception that anything may raise."""
    return _told(error, sources.spots_of_error(error), sources, sources.site_of_error(error).module)


def of_fault(
    error: BaseException, spots: tuple[Spot, ...], sources: SourceMap, module: str, operator: str = ""
) -> Finding:
    """The finding for an error that a stand-in got over, on the stack where it did.

    `operator` is the control flow operator that it comes from.
    """
    told = _told(error, spots, sources, module, operator)
    if told is not None:
        return told
    site, here = placed(spots, sources, module)
    if not here.text:
        return CaptureFailed(site, type(error).__name__, _in_words(first_line(error), sources.sizes_at(spots)))
    return UnsupportedPython(site, here.text, _in_words(_reason(error), sources.sizes_at(spots)))


def of_need(spots: tuple[Spot, ...], sources: SourceMap, module: str, *, reads: bool) -> Finding:
    """The finding for a line that asks for the values of a tensor: with `reads` for its memory."""
    if not reads:
        return data_dependent(None, spots, sources, module)
    site, here = placed(spots, sources, module)
    return UnsupportedPython(site, here.text or "numpy()", _MEMORY)


def _reason(error: BaseException) -> str:
    """Why a line cannot be captured, by what it raises."""
    if needs_memory(error):
        return _MEMORY
    return first_line(error) or f"it raises `{type(error).__name__}` while it is captured, and not otherwise"


def _in_words(said: str, names: Mapping[str, str]) -> str:
    """What torch says of sizes, by the user's names; a size that depends on data and has none is a "?"."""
    return re.sub(r"\b(?:s\d{2,}|u\d+)\b", lambda match: names.get(match[0], "?"), said)


def _told(
    error: BaseException, spots: tuple[Spot, ...], sources: SourceMap, module: str, operator: str = ""
) -> Finding | None:
    links = list(chain_of(error))
    operator = operator or next(filter(None, map(control_flow_of, links)), "")
    problem = next(filter(None, map(control_flow_problem, links)), "") if operator else ""
    if problem:
        return ControlFlowMisfit(sources.site_at(spots, module=module), operator, problem)
    for link in links:
        match link:
            case GuardOnDataDependentSymNode():
                return data_dependent(link.cond, spots, sources, module, truth=asks_truth(link))
            case DataDependentOutputException():
                return data_dependent(None, spots, sources, module)
            case KeyError() | AttributeError() if names_a_number(link):
                return data_dependent(None, spots, sources, module)
            case DynamicOutputShapeException():
                site, here = placed(spots, sources, module)
                return DataDependentSize(site, here.text or str(link.func), "")
            case UnsupportedOperatorException() if nests(link.func):
                site, _ = placed(spots, sources, module)
                return LayoutNotSupported(site, str(link.func), "nested")
            case NotImplementedError() if is_opaque(link):
                site, here = placed(spots, sources, module)
                return LayoutNotSupported(site, here.text or "a tensor", "torch._mkldnn")
            case UnsupportedOperatorException() if not has_fake_kernel(link.func):
                site, _ = placed(spots, sources, module)
                return no_fake_kernel(link.func, site)
            case Unsupported():
                # inside a branch dynamo runs without the frames around it
                inside = sources.spots_of_error(link) if operator else ()
                found = _graph_break(link, (*spots, *inside), sources, module)
                if found is not None:
                    return found
    return None


def data_dependent(
    condition: Any, spots: tuple[Spot, ...], sources: SourceMap, module: str, *, truth: bool = False
) -> Finding:
    """The finding for a decision on tensor values; `condition` is what torch was asked, None when it does not say.

    `truth` says that it was asked whether a tensor is true.
    """
    site, here = placed(spots, sources, module, hint="item")
    if not here.text and spots:
        here = replace(here, text=spots[-1].function)
    if here.use.decides or (here.use is constructs.Use.CALL and truth):
        return DataDependentBranch(site, here.use.value, here.text, here.rewrite)
    if here.use is constructs.Use.ORDER and truth:
        return DataDependentBranch(site, constructs.Use.LOGIC.value, here.text)
    if here.use is constructs.Use.LOOP:
        return DataDependentValue(site, here.text, loops=True)
    if here.use is constructs.Use.CALL and is_relation(condition):
        names = sources.sizes_at(spots)
        known = speaks_of(condition, names)
        return DataDependentSize(site, here.text, written(condition, names) if known else "")
    return DataDependentValue(site, here.text)


def placed(spots: tuple[Spot, ...], sources: SourceMap, module: str = "", hint: str = "") -> tuple[Site, Construct]:
    """The site of a stack, and the expression that stands there; its text is empty when there is no source at all.

    `hint` names the operator to look for on the line where the columns are not known.
    """
    spot = _subject(spots, sources)
    site = sources.site_at(spots, hint, module)
    if spot is None:
        return site, Construct(constructs.Use.VALUE, "", site.location)
    here = constructs.construct(spot, hint)
    return (replace(site, location=here.location) if sources.is_user(spot.path) else site), here


def no_fake_kernel(target: Any, site: Site) -> NoFakeKernel:
    """The finding for an operator that cannot run on fake tensors."""
    arguments = tuple(argument.name for argument in schema(target).arguments)
    return NoFakeKernel(site, schema(target).name, arguments)


def missing_fake_kernels(graph: fx.Graph, sources: SourceMap) -> Iterator[NoFakeKernel]:
    """One finding for each call of an operator without a fake kernel, in a graph captured with real tensors."""
    for node in graph.nodes:
        if isinstance(node.target, OpOverload) and not has_fake_kernel(node.target):
            yield no_fake_kernel(node.target, sources.site(node))


def fails_in_eager(error: BaseException, sources: SourceMap) -> ModelFailsInEager:
    """The finding for a model that does not run, exported or not."""
    return ModelFailsInEager(sources.site_of_error(error), type(error).__name__, first_line(error))


def unknown_inputs(
    model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], sources: SourceMap
) -> Iterator[InputNotPytree]:
    """One finding for each input of a type that torch.export cannot take apart."""
    try:
        inputs = inspect.signature(model.forward).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):  # the inputs do not fit `forward`: running the model tells that best
        return
    for name, value in inputs.items():
        for leaf in leaves_of(value):
            if not isinstance(leaf, (*PLAIN_LEAVES, torch.nn.Module)):
                yield InputNotPytree(_site_of_class(type(leaf), sources), name, *_class(leaf))


def unknown_outputs(model: torch.nn.Module, kinds: Sequence[type], sources: SourceMap) -> Iterator[OutputNotPytree]:
    """One finding for each type in the output of the model that torch.export cannot take apart."""
    returned = definitions.returns(model.forward)
    for kind in kinds:
        own = len(returned) == 1 and sources.is_user(returned[0].path)
        site = Site(location=returned[0]) if own else _site_of_class(kind, sources)
        yield OutputNotPytree(site, kind.__name__, dataclasses.is_dataclass(kind))


def script_module(spots: tuple[Spot, ...], path: str, sources: SourceMap) -> ScriptModule:
    """The finding for a module that TorchScript compiled, called on a stack."""
    return ScriptModule(sources.site_at(spots, module=path), path)


def script_modules(model: torch.nn.Module, error: BaseException, sources: SourceMap) -> Iterator[ScriptModule]:
    """One finding for each outermost module that TorchScript compiled."""
    inside: tuple[str, ...] = ()
    for path, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule) and not path.startswith(inside):
            inside = (*inside, f"{path}.")
            yield ScriptModule(sources.site_of_error(error), path)
            if not path:
                return


def unexplained(errors: list[BaseException], sources: SourceMap) -> Finding:
    """The finding for errors of no known kind, by the one that knows the user's line."""
    known = next((error for error in errors if _subject(sources.spots_of_error(error), sources)), None)
    error = known or errors[0]
    spots = sources.spots_of_error(error)
    derived = next((index for index, spot in enumerate(spots) if is_derivative(spot.path)), 0)
    if derived and needs_memory(error):
        site, here = placed(spots[:derived], sources)
        return UnsupportedPython(site, here.text, _DERIVATIVE)
    site, here = placed(spots, sources, sources.site_of_error(error).module)
    if here.text and not is_violation(error):
        links = [link for each in errors for link in chain_of(each) if isinstance(link, Unsupported)]
        number = next(filter(None, (graph_break(link)[2] for link in links)), "")
        return UnsupportedPython(site, here.text, _in_words(_reason(error), sources.sizes_at(spots)), number)
    return CaptureFailed(site, type(error).__name__, _in_words(first_line(error), sources.sizes_at(spots)))


def first_line(error: BaseException) -> str:
    """What an exception says, in one sentence and without torch's name for the tensors of a capture."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    bullets = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    said = bullets[0] if bullets and is_violation(error) else lines[0] if lines else ""
    return _sentence(said.replace("FakeTensor", "Tensor")).rstrip(":")


def _graph_break(error: Any, spots: tuple[Spot, ...], sources: SourceMap, module: str) -> Finding | None:
    kind, explanation, number = graph_break(error)
    if kind in _PLAIN_FAILURES:
        return None
    if kind in _BRANCHES:
        return data_dependent(None, spots, sources, module)
    site, here = placed(spots, sources, module)
    if kind == _SCRIPT or not here.text:
        return None
    return UnsupportedPython(site, here.text, _sentence(explanation) or kind, number)


def _sentence(text: str) -> str:
    return re.split(r"(?<!e\.g)(?<!i\.e)\.\s+(?=[A-Z`])", text, maxsplit=1)[0].rstrip(".")


def _subject(spots: tuple[Spot, ...], sources: SourceMap) -> Spot | None:
    """The frame to speak about: the innermost of the user, else of the library that the model comes from."""
    own = sources.innermost_user(spots)
    return own or next((spot for spot in reversed(spots) if not ownership.is_machinery(spot.path)), None)


def _site_of_class(kind: type, sources: SourceMap) -> Site:
    place = definitions.class_line(kind)
    return Site(location=place) if place and sources.is_user(place.path) else sources.fallback()


def _class(value: object) -> tuple[str, bool]:
    return type(value).__name__, dataclasses.is_dataclass(value)
