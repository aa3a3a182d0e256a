"""What became of the node that a finding is about, pass by pass, as the graphs of the run tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.graphs import Graphs, Node, ProgramGraph, Stage, Status

_MOST_OPS = 6


class Stop(NamedTuple):
    """What a pass made of the node; `value` is dtype and shape of the result, "" when it is as it was before."""

    passed: str
    what: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.what} -> {self.value}" if self.value else self.what


def passage(finding: Finding, graphs: Graphs | None) -> tuple[Stop, ...]:
    """The way of the node through capture, decompose, dispatch and translate; empty when the finding is about none."""
    blamed = graphs.blamed(finding) if graphs is not None else None
    if graphs is None or blamed is None:
        return ()
    found, node = blamed
    if found.stage is Stage.CAPTURED:
        captured = [node]
        decomposed = list(_images(graphs, Stage.DECOMPOSED, captured))
    else:
        before = _graph(graphs, Stage.CAPTURED)
        captured = [before.node(name) for name in node.origins] if before else []
        decomposed = [node]
    stops = [
        *_captured(captured),
        *_decomposed(captured, decomposed),
        *_dispatched(decomposed),
        *_translated(decomposed, list(_images(graphs, Stage.ONNX, decomposed))),
    ]
    return tuple(_without_repeated_values(stops))


def _captured(captured: Sequence[Node]) -> Iterator[Stop]:
    for node in captured:
        yield Stop("capture", f"`{node.name}`: {node.op}", node.value)


def _decomposed(captured: Sequence[Node], decomposed: Sequence[Node]) -> Iterator[Stop]:
    if not decomposed:
        yield Stop("decompose", "nothing is left of it")
    elif [node.op for node in captured] != [node.op for node in decomposed]:
        yield Stop("decompose", f"becomes {_ops(decomposed)}", decomposed[-1].value)


def _dispatched(decomposed: Sequence[Node]) -> Iterator[Stop]:
    for op, nodes in _by_op(decomposed):
        lead = f"{op}: " if len({node.op for node in decomposed}) > 1 else ""
        functions = list(dict.fromkeys(node.function for node in nodes if node.function))
        if functions:
            yield Stop("dispatch", lead + ", ".join(functions))


def _translated(decomposed: Sequence[Node], model: Sequence[Node]) -> Iterator[Stop]:
    computed = [node for node in model if node.status is not Status.SOURCE]
    if any(node.status is Status.PLACEHOLDER for node in computed):
        yield Stop("translate", "a placeholder", computed[-1].value)
    elif computed:
        yield Stop("translate", f"becomes {_ops(computed)}", computed[-1].value)
    elif decomposed:
        yield Stop("translate", "no node of its own: constant, merged with an equal one, or without effect")


def _graph(graphs: Graphs, stage: Stage) -> ProgramGraph | None:
    return next((graph for graph in graphs.stages if graph.stage is stage), None)


def _images(graphs: Graphs, stage: Stage, nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes of a stage that come from these nodes of the stage before, each once."""
    graph = _graph(graphs, stage)
    images = graph.by_origin if graph else {}
    return iter(dict.fromkeys(image for node in nodes for image in images.get(node.name, ())))


def _by_op(nodes: Sequence[Node]) -> Iterator[tuple[str, list[Node]]]:
    for op in dict.fromkeys(node.op for node in nodes):
        yield op, [node for node in nodes if node.op == op]


def _ops(nodes: Sequence[Node]) -> str:
    """The operators of some nodes: "Mul, Sigmoid, Mul", or with their number when there are many."""
    ops = [node.op for node in nodes]
    if len(ops) <= _MOST_OPS:
        return ", ".join(ops)
    counted = Counter(ops).most_common()
    shown = [f"{op} ({number} times)" if number > 1 else op for op, number in counted[:_MOST_OPS]]
    return f"{len(ops)} nodes: " + ", ".join(shown) + (", ..." if len(counted) > _MOST_OPS else "")


def _without_repeated_values(stops: Iterable[Stop]) -> Iterator[Stop]:
    before = ""
    for stop in stops:
        yield stop._replace(value="") if stop.value == before else stop
        before = stop.value or before
