"""Programs of up to 100,000 nodes: what each pass, the graphs, the report and its SARIF log cost, and how that grows.

    python tests/bench/large.py [--nodes 12500,25000,50000,100000]

torch needs minutes to capture such a program, so a captured one is made longer here: its layer is copied, node by node,
under module paths of its own. Half of the layers are equal; of the others each has a constant of its own, so that their
bodies cannot be shared. Every tenth layer calls an operator that has no ONNX function.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx, nn

from onnxdx.graph.operators import called
from onnxdx.graphs import graphs_of
from onnxdx.passes import capture, decompose, dispatch, functions, optimize, translate, validate
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx_diagnostics.render import render_text
from onnxdx_diagnostics.report import NOT_VERIFIED, Report
from onnxdx_diagnostics.sarif.log import to_sarif
from onnxdx_diagnostics.sink import Collector

_PASSES = (decompose, dispatch, functions, translate, optimize, validate)


class Layer(nn.Module):
    """Eight operators, the last one without an ONNX function."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.linear(x) * 2.0)
        z = (y - x).reshape(-1, 8).sigmoid() + y
        return torch.nanmedian(z, dim=-1, keepdim=True).values + z


class Model(nn.Module):
    """One layer, to be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = Layer()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--nodes", default="12500,25000,50000,100000", help="sizes, separated by commas")
    stages = ["nodes", *(each.__name__.rpartition(".")[2] for each in _PASSES), "graphs", "text", "sarif"]
    print(" ".join(f"{stage:>10}" for stage in [*stages, "total s", "us/node", "peak MiB", "findings", "sarif MB"]))
    for size in map(int, parser.parse_args().nodes.split(",")):
        print(" ".join(f"{cell:>10}" for cell in row(size)), flush=True)


def row(size: int) -> Iterator[str]:
    """The figures of one size."""
    value: Any = enlarged(size)
    captured, sink, seconds = value, Collector(), list[float]()
    nodes = len(captured.exported.graph.nodes)
    for each in _PASSES:
        with _timed(seconds):
            value = each.run(value, sink)
    report = Report("large", False, sink.findings, (), NOT_VERIFIED)
    written: dict[str, Any] = {}
    work: tuple[tuple[str, Callable[[], object]], ...] = (
        ("graphs", lambda: graphs_of(value, report)),
        ("text", lambda: render_text(report)),
        ("sarif", lambda: to_sarif(report, written["graphs"])),
    )
    for name, make in work:
        with _timed(seconds):
            written[name] = make()
    total = sum(seconds)
    yield str(nodes)
    yield from (f"{each:.2f}" for each in seconds)
    yield from (f"{total:.1f}", f"{1e6 * total / nodes:.0f}", f"{_peak():.0f}", str(len(report.findings)))
    yield f"{len(json.dumps(written['sarif'])) / 1e6:.2f}"


def enlarged(size: int) -> Any:
    """The captured model with its layer copied until it has about `size` nodes."""
    captured = capture.run(
        ExportRequest(Model(), (torch.rand(4, 8),), options=ExportOptions(verify=False)), Collector()
    )
    assert captured is not None
    graph = captured.exported.graph
    layer = [node for node in graph.nodes if node.op == "call_function"]
    given = next(node for node in graph.nodes if node.op == "placeholder" and node.name == "x")
    (output,) = (node for node in graph.nodes if node.op == "output")
    result = layer[-1]
    with graph.inserting_before(output):
        number = 0
        while len(graph.nodes) < size:
            number += 1
            result = _copied(graph, layer, {given: result}, number)
    output.replace_input_with(layer[-1], result)
    captured.exported.graph_signature.output_specs[0].arg.name = result.name
    return captured


def _copied(graph: fx.Graph, layer: list[fx.Node], new: dict[fx.Node, fx.Node], number: int) -> fx.Node:
    skipped = [node for node in layer if _is_rare(node) and number % 10]
    for node in layer:
        if node in skipped:
            new[node] = new[node.all_input_nodes[0]]
            continue
        new[node] = copy = graph.node_copy(node, lambda old: new.get(old, old))
        if called(node) == "aten.mul.Tensor" and number % 2:
            copy.args = (copy.args[0], 2.0 + number)
        stack = node.meta.get("nn_module_stack") or {}
        copy.meta["nn_module_stack"] = {
            f"{key}@{number}": (path.replace("layer", f"layers.{number}"), kind) for key, (path, kind) in stack.items()
        }
    return new[layer[-1]]


def _is_rare(node: fx.Node) -> bool:
    source = node.args[0] if node.args else None
    return "nanmedian" in str(node.target) or (isinstance(source, fx.Node) and "nanmedian" in str(source.target))


@contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    start = time.process_time()
    yield
    seconds.append(time.process_time() - start)


def _peak() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    main()
