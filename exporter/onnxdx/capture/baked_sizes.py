"""Where a capture made a number of a size: the first step in which a capture at that other size differs from it.

No guard tells of it: the code looked at the size behind torch's back, or decided between one and more, which torch
takes as known.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import sympy
import torch
from torch import fx
from torch.export import ExportedProgram

from onnxdx.capture.attempts import Attempts
from onnxdx.compat.pytree import leaves_of, unflatten_inputs
from onnxdx.eager.eager_run import untouched
from onnxdx.shapes.other_sizes import OtherSize
from onnxdx.user_code import constructs
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_code.stacks import Spot
from onnxdx.values import CapturedProgram, CaptureMode
from onnxdx_diagnostics.finding import Site


def site(captured: CapturedProgram, other: OtherSize) -> Site | None:
    """The site of what the program has from the size it was captured with; None when nothing tells."""
    request = captured.request
    args, kwargs = unflatten_inputs(captured.exported, other.inputs)
    again = Attempts(replace(request, args=args, kwargs=kwargs, dynamic_shapes={}))
    with untouched(request.model, request.options.training), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        second = again.capture(strict=captured.mode is CaptureMode.STRICT)
    if not isinstance(second, ExportedProgram):
        return None
    steps = itertools.zip_longest(_steps(captured.exported, other.symbols), _steps(second, {}))
    for (mine, one), (theirs, two) in ((each or _END, step or _END) for each, step in steps):
        if _same(one, two):
            continue
        here, there = _spot(mine, captured.sources), _spot(theirs, again.sources)
        decision = constructs.decision_between(here, there) if here and there else None
        node, sources = (mine, captured.sources) if mine is not None else (theirs, again.sources)
        found = sources.site(node) if node is not None else captured.sources.fallback()
        return replace(found, location=decision) if decision is not None else found
    return None


_Facts = list[Any]
_END: tuple[fx.Node | None, _Facts] = (None, [])


def _spot(node: fx.Node | None, sources: SourceMap) -> Spot | None:
    return sources.user_spot(node) if node is not None else None


def _steps(exported: ExportedProgram, symbols: Mapping[sympy.Symbol, int]) -> Iterator[tuple[fx.Node, _Facts]]:
    """The operators on tensors, each with its name, its numbers and the sizes of its result."""
    constants = {
        spec.arg.name: exported.constants.get(spec.target or "")
        for spec in exported.graph_signature.input_specs
        if spec.kind.name == "CONSTANT_TENSOR"
    }
    for node in exported.graph.nodes:
        value = node.meta.get("val")
        if node.op != "call_function" or not isinstance(value, (torch.Tensor, tuple, list)):
            continue
        facts: _Facts = [str(node.target)]
        for argument in leaves_of((node.args, dict(node.kwargs))):
            facts.append(_fact(argument, constants, symbols))
        for result in leaves_of(value):
            facts += [_number(size, symbols) for size in getattr(result, "shape", ())]
        yield node, facts


def _fact(argument: Any, constants: Mapping[str, Any], symbols: Mapping[sympy.Symbol, int]) -> Any:
    if not isinstance(argument, fx.Node):
        return argument
    value = argument.meta.get("val")
    if isinstance(value, (torch.Tensor, tuple, list)):
        return constants.get(argument.name, "a tensor")
    return _number(value, symbols)


def _number(value: Any, symbols: Mapping[sympy.Symbol, int]) -> Any:
    """A size or a number made of sizes; None when it depends on data."""
    if not isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return value
    sizes = {symbol: sympy.Integer(size) for symbol, size in symbols.items()}
    known = sympy.sympify(value.node.expr).xreplace(sizes)
    if known.free_symbols:
        return None
    return float(known) if isinstance(value, torch.SymFloat) else int(known)


def _same(one: _Facts, two: _Facts) -> bool:
    return len(one) == len(two) and all(map(_equal, one, two))


def _equal(one: Any, two: Any) -> bool:
    if one is None or two is None:
        return True
    if isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor):
        return one.shape == two.shape and torch.equal(one, two)
    if isinstance(one, float) or isinstance(two, float):
        return isinstance(one, (int, float)) and isinstance(two, (int, float)) and math.isclose(one, two, rel_tol=1e-6)
    return bool(one == two)
