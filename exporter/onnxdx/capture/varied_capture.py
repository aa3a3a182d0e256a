"""A second look at a captured graph: the same model captured on other values of its inputs.

A graph stands for all values of its inputs, so it must not depend on them. What differs between two captures may still
have other causes - time, counters, random numbers, warm-up. So a difference counts only when the captures on the same
values agree there, in an order (A B B A) that neither a counter nor a toggle follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import fx

from onnxdx.eager.other_values import varied
from onnxdx.graph.operators import called, called_graphs
from onnxdx.request import ExportRequest
from onnxdx.values import CapturedProgram
from onnxdx_diagnostics.rules.dx128_constant_varies import ConstantVaries

Capture = Callable[[ExportRequest], CapturedProgram | None]
_Part = tuple[str, ...]
"""A place in a graph: its path, the position of the node, and which of the node's constants."""


def findings(captured: CapturedProgram, capture: Capture) -> Iterator[ConstantVaries]:
    """What of the graph varies with the values of the inputs. `capture` is called on them up to three times."""
    request = captured.request
    args, kwargs = varied((tuple(request.args), dict(request.kwargs)))
    other = replace(request, args=args, kwargs=kwargs)
    first = _described(captured)
    second = _captured_again(capture, other)
    if second is None or second.parts == first.parts:
        return
    third, fourth = _captured_again(capture, other), _captured_again(capture, request)
    if third is None or fourth is None:
        return
    for part, value in first.parts.items():
        here, there = value, second.parts.get(part, "")
        if here != there and there == third.parts.get(part, "") and here == fourth.parts.get(part, ""):
            node = first.nodes[part]
            yield ConstantVaries(captured.sources.site(node), called(node), here, there)
            if part[-1] == _OPERATOR:
                return


@dataclass(frozen=True)
class _Description:
    """The operators and constants of a program, each at its place."""

    parts: Mapping[_Part, str]
    nodes: Mapping[_Part, fx.Node]


_OPERATOR = "operator"


def _captured_again(capture: Capture, request: ExportRequest) -> _Description | None:
    again = capture(request)
    return None if again is None or again.recovered else _described(again)


def _described(captured: CapturedProgram) -> _Description:
    parts: dict[_Part, str] = {}
    nodes: dict[_Part, fx.Node] = {}
    exported = captured.exported
    for path, graph in _graphs(exported.graph_module, exported.graph, ""):
        operators = (node for node in graph.nodes if node.op == "call_function")
        for position, node in enumerate(operators):
            for name, value in _constants(node, exported.constants):
                part = (path, str(position), name)
                parts[part] = value
                nodes[part] = node
    return _Description(parts, nodes)


def _graphs(owner: torch.nn.Module, graph: fx.Graph, path: str) -> Iterator[tuple[str, fx.Graph]]:
    yield path, graph
    for name, body in called_graphs(owner, graph):
        yield from _graphs(body, body.graph, f"{path}{name}.")


def _constants(node: fx.Node, tensors: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a node calls, its arguments that are numbers or texts, and the constant tensors that it reads."""
    yield _OPERATOR, called(node)
    for name, argument in (*enumerate(node.args), *node.kwargs.items()):
        for index, item in enumerate(argument if isinstance(argument, (list, tuple)) else [argument]):
            if isinstance(item, (bool, int, float, complex, str)):
                yield f"{name}.{index}", "nan" if isinstance(item, float) and math.isnan(item) else repr(item)
    for argument in node.all_input_nodes:
        tensor = tensors.get(str(argument.target)) if argument.op == "get_attr" else None
        if isinstance(tensor, torch.Tensor) and tensor.layout is torch.strided and tensor.numel() <= _SMALL:
            yield argument.name, str(tensor.tolist())


_SMALL = 64
"""Constant tensors of more elements are weights, not what somebody computes from an input on the way."""
