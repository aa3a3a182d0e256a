"""A function of tensors and numbers as a program of its own, and as the ONNX model that the passes make of it.

So the body of an operator, and the operator itself with a new ONNX function, go the way that the user's model goes.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.proxy_tensor import make_fx

from onnxdx.compat.fake_tensors import FakeTensorMode
from onnxdx.compat.small_programs import (
    assembled_program,
    functionalized,
    open_values,
    sizes_of_data_forgotten,
    taken_for_true,
    without_modes,
)
from onnxdx.fixes.operators.both_sides import choosing, on_all_paths
from onnxdx.fixes.operators.formulas import formula_for
from onnxdx.fixes.operators.numpy_arrays import NotInTorch, without_arrays
from onnxdx.fixes.operators.numpy_tracing import numpy_on_tensors
from onnxdx.fixes.operators.python_bodies import body_of, has_body
from onnxdx.fixes.operators.uses import made_up
from onnxdx.graph.operators import mutates
from onnxdx.passes import decompose, dispatch, functions, optimize, translate
from onnxdx.registry import OnnxRegistry
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.user_code.provenance import SourceMap
from onnxdx.values import CapturedProgram, CaptureMode, OnnxDraft
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.sink import Collector


class Untraceable(Exception):
    """A function cannot be traced, or its trace has no form in ONNX; the text is a clause about the function."""


@dataclass(frozen=True)
class SmallProgram:
    """A traced function.

    `inputs` are the names of the leaves that stay open, in the order of the graph's inputs; `assumed` are the
    conditions that hold for the values it was traced on and were relied on, in terms of the leaves' names.
    """

    captured: CapturedProgram
    inputs: tuple[str, ...]
    assumed: tuple[str, ...]


def traced(
    body: Callable[[Sequence[Any]], Any],
    leaves: Sequence[tuple[str, Any]],
    *,
    sizes: bool,
    numbers: bool,
    whole: bool = True,
    formulas: bool = False,
) -> SmallProgram:
    """The graph of `body`, which is given values for `leaves` and returns a tensor or several.

    `sizes` leaves the sizes of tensors open, `numbers` the plain numbers; `whole` keeps composite operators, `formulas`
    has those of complex tensors taken apart that there is a formula for. Raises Untraceable.
    """
    values, mode, names = open_values(leaves, sizes=sizes, numbers=numbers)
    opened = [
        index for index, value in enumerate(values) if isinstance(value, (torch.Tensor, torch.SymInt, torch.SymFloat))
    ]

    def call(*given: Any) -> Any:
        whole_list = list(values)
        for index, value in zip(opened, given, strict=True):
            whole_list[index] = value
        return _results(on_all_paths(lambda: without_arrays(body(whole_list))))

    def graph() -> fx.GraphModule:
        given = [values[index] for index in opened]
        try:
            with numpy_on_tensors(all_arrays=False) as made:
                return _functional(call, given, whole, formulas)
        except NotInTorch:
            raise
        except Exception:  # NumPy has its own errors for an array that is to hold what is traced
            if not made.any:
                raise
        with numpy_on_tensors(all_arrays=True):
            return _functional(call, given, whole, formulas)

    try:
        with torch.no_grad(), mode, sizes_of_data_forgotten(mode), _quiet(), choosing(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = graph()
            module.graph.eliminate_dead_code()
            exported = assembled_program(module)
    except Exception as error:  # foreign code on values that it may not read: anything can come out
        raise Untraceable(f"it cannot be traced: {_said(error)}") from error
    request = ExportRequest(torch.nn.Module(), ())
    captured = CapturedProgram(request, exported, CaptureMode.NON_STRICT, SourceMap("", None))
    assumed = taken_for_true(mode.shape_env, names) if mode.shape_env is not None else ()
    return SmallProgram(captured, tuple(leaves[index][0] for index in opened), assumed)


def translated(program: SmallProgram, registry: OnnxRegistry, opset: int) -> OnnxDraft:
    """The program in ONNX, simplified. Raises Untraceable, with the first thing that stands in the way."""
    request = ExportRequest(torch.nn.Module(), (), options=ExportOptions(onnx_registry=registry, opset_version=opset))
    captured = CapturedProgram(request, program.captured.exported, CaptureMode.NON_STRICT, program.captured.sources)
    sink = Collector()
    placed = dispatch.run(decompose.run(captured, sink), sink)
    draft = optimize.run(translate.run(functions.run(placed, sink), sink), sink)
    wrong = next((finding for finding in sink.findings if finding.level is Level.ERROR), None)
    if wrong is not None:
        raise Missing(wrong)
    return draft


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torch logs every fake kernel that fails, which is told as a reason."""
    logger = logging.getLogger(FakeTensorMode.__module__)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


class Missing(Untraceable):
    """What a traced function calls has no ONNX function; `finding` says what."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message())
        self.finding = finding


def _functional(call: Callable[..., Any], values: list[Any], whole: bool, formulas: bool) -> fx.GraphModule:
    module = make_fx(call, pre_dispatch=whole)(*values)
    calls = [node for node in module.graph.nodes if node.op == "call_function"]
    if not whole and any(has_body(node.target) or (formulas and _has_formula(node)) for node in calls):
        return _functional(_WithBodies(module, formulas).run, values, whole, formulas)
    if not any(mutates(node) for node in calls):
        return module
    pure = make_fx(functionalized(call), pre_dispatch=True)(*values)
    return pure if whole else make_fx(pure)(*values)


def _has_formula(node: fx.Node) -> bool:
    values = (each.meta.get("val") for each in node.all_input_nodes)
    return formula_for(node.target) is not None and any(map(_is_complex, values))


def _is_complex(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_complex()


class _WithBodies(fx.Interpreter):
    """Runs a graph with the Python bodies of the operators that have one in their places, or with `formulas`."""

    def __init__(self, module: fx.GraphModule, formulas: bool) -> None:
        super().__init__(module)
        self._formulas = formulas

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        formula = formula_for(target) if self._formulas and any(map(_is_complex, args)) else None
        if formula is not None:
            return super().call_function(formula, args, kwargs)
        if not has_body(target):
            return super().call_function(target, args, kwargs)
        with without_modes():
            body = body_of(target, fx.node.map_aggregate(args, made_up), fx.node.map_aggregate(kwargs, made_up))
        return super().call_function(body or target, args, kwargs)


def _results(result: Any) -> Any:
    if isinstance(result, (tuple, list)):
        return tuple(result)
    return (result,)


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())
    first = text.partition(". ")[0].partition(" at 0x")[0]
    return f"{type(error).__name__}: {first[:160]}" if first else type(error).__name__
