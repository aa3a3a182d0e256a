"""The graphs of an export as plain data: what was captured, what decomposition made of it, and the model.

Nothing here runs in an export: the graphs are read off its values when somebody asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import onnx_ir as ir
import torch
from torch import fx
from torch.fx.node import map_arg

from onnxdx.compat.torch_operators import HigherOrderOperator, OpOverload
from onnxdx.graph.operators import called, called_graphs, is_assertion, mutates
from onnxdx.registry import Entry
from onnxdx.translation.naming import Names
from onnxdx.user_code.provenance import SourceMap
from onnxdx.values import MODULE_KEY, PROVENANCE_KEY, UNSUPPORTED, DecomposedProgram, OnnxDraft
from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.graphs import Edge, Graphs, Node, ProgramGraph, Stage, Status
from onnxdx_diagnostics.report import Report

_SHOWN_RESULTS = 8
"""Of an operator with more results, this many are told."""

_ENDS = {"placeholder": Status.SOURCE, "get_attr": Status.SOURCE, "output": Status.RESULT}


def graphs_of(draft: OnnxDraft, report: Report) -> Graphs:
    """The program at each stage, with the findings of the report on the nodes that they are about."""
    program = draft.plan.plan.program
    before, after = dict(_captured_graphs(program)), dict(program.graphs())
    captured_names, names = _names(before), _names(after)
    model = _Model(draft, names, report.root).graph()
    in_model = {name for node in model.nodes if node.status is not Status.SOURCE for name in node.origins}
    stand_ins = {names[draft.nodes[identity]] for identity in draft.placeholders}
    origins = dict(_origins(program, captured_names, names))
    functions = {
        node: _function(placement.entry, report.root) for node, placement in draft.plan.plan.placements.items()
    }
    reader = _FxReader(program.captured.sources, report, functions)

    def placed(node: fx.Node) -> Status:
        name = names[node]
        return Status.PLACEHOLDER if name in stand_ins else Status.PLACED if name in in_model else Status.FOLDED

    decomposed = reader.graph(Stage.DECOMPOSED, after, names, placed, origins)
    fates = _Fates(before, captured_names, decomposed)
    captured = reader.graph(Stage.CAPTURED, before, captured_names, fates.of)
    blamed = {node.name: node.findings for node in decomposed.nodes if node.findings}
    nodes = tuple(_with_findings(node, blamed) for node in model.nodes)
    return Graphs((captured, decomposed, ProgramGraph(Stage.ONNX, nodes, model.edges)))


def _with_findings(node: Node, blamed: Mapping[str, tuple[str, ...]]) -> Node:
    """An ONNX node takes the findings of the FX nodes that it computes."""
    found = dict.fromkeys(rule for name in node.origins for rule in blamed.get(name, ()))
    return node._replace(findings=tuple(found)) if found else node


def _captured_graphs(program: DecomposedProgram) -> Iterator[tuple[str, fx.Graph]]:
    """The main graph as captured, under "", and the bodies of its control flow, by the path that names them."""

    def bodies(owner: torch.nn.Module, graph: fx.Graph, prefix: str) -> Iterator[tuple[str, fx.Graph]]:
        for name, body in called_graphs(owner, graph):
            yield prefix + name, body.graph
            yield from bodies(body, body.graph, f"{prefix}{name}.")

    module = program.captured.exported.graph_module
    yield "", module.graph
    yield from bodies(module, module.graph, "")


def _names(graphs: Mapping[str, fx.Graph]) -> dict[fx.Node, str]:
    """The name of each node among all graphs of a program."""
    return {node: _name(path, node.name) for path, graph in graphs.items() for node in graph.nodes}


def _name(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _origins(
    program: DecomposedProgram, captured: Mapping[fx.Node, str], names: Mapping[fx.Node, str]
) -> Iterator[tuple[fx.Node, str]]:
    """The captured node that each node of the decomposed program comes from, where there is one."""
    by_name = {name: node for node, name in captured.items()}
    retraced = program.exported is not program.captured.exported
    for path, graph in program.graphs():
        for node in graph.nodes:
            source = program.origins.get(node, node)
            if source in captured:
                yield node, captured[source]
                continue
            known = _traced_from(source) if retraced and source.op == "call_function" else source.name
            name = _name(path, known)
            if name in by_name:
                yield node, _selection(by_name[name], source, captured) or name


def _traced_from(node: fx.Node) -> str:
    """The name that a node of a retraced program had before."""
    queue = list(node.meta.get("from_node") or ())
    for source in queue:
        if source.pass_name == "ExportedProgram.module()":
            return str(source.name)
        queue += source.from_node
    return node.name


def _selection(origin: fx.Node, node: fx.Node, captured: Mapping[fx.Node, str]) -> str:
    """A retrace says of `split(x)[0]` that it comes from the split: the name of the selection itself."""
    if _op(node) != "getitem" or _op(origin) == "getitem":
        return ""
    return next((captured[user] for user in origin.users if user.args[1:] == node.args[1:]), "")


class _Fates:
    """What became of the captured nodes, by what decomposition made of each."""

    def __init__(self, graphs: Mapping[str, fx.Graph], names: Mapping[fx.Node, str], decomposed: ProgramGraph) -> None:
        self._names = names
        self._images: defaultdict[str, list[Node]] = defaultdict(list)
        for node in decomposed.nodes:
            for name in node.origins:
                self._images[name].append(node)
        self._needed = self._needed_in(graphs)

    def _needed_in(self, graphs: Mapping[str, fx.Graph]) -> set[fx.Node]:
        """The nodes that have an effect: views that are written to, for one, which no longer exist as such."""
        needed: set[fx.Node] = set()
        for node in (node for graph in graphs.values() for node in reversed(graph.nodes)):
            if self._names[node] in self._images or mutates(node) or any(user in needed for user in node.users):
                needed.add(node)
        return needed

    def of(self, node: fx.Node) -> Status:
        """The status of a captured node."""
        images = self._images.get(self._names[node], [])
        if not images:
            if is_assertion(node) or (_op(node) == "getitem" and node in self._needed):
                return Status.FOLDED
            return Status.REWRITTEN if node in self._needed else Status.UNUSED
        if any(image.status is Status.PLACEHOLDER for image in images):
            return Status.PLACEHOLDER
        return images[0].status if [image.op for image in images] == [_op(node)] else Status.REWRITTEN


class _FxReader:
    """Reads FX graphs: their nodes with their place in the source and the findings about them."""

    def __init__(self, sources: SourceMap, report: Report, functions: Mapping[fx.Node, str]) -> None:
        self._sources = sources
        self._root = report.root
        self._functions = functions
        self._findings: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in report.findings:
            if finding.site.fx_node:
                self._findings[finding.site.op].append(finding)

    def graph(
        self,
        stage: Stage,
        graphs: Mapping[str, fx.Graph],
        names: Mapping[fx.Node, str],
        status: Callable[[fx.Node], Status],
        origins: Mapping[fx.Node, str] | None = None,
    ) -> ProgramGraph:
        """All graphs of a program as one; a body stands before the node that names it, and feeds it."""
        order = list(_in_order(graphs, "", set()))
        positions = {node: position for position, (_, node) in enumerate(order)}
        results = {path: next(node for node in graph.nodes if node.op == "output") for path, graph in graphs.items()}
        nodes, edges = [], []
        for path, node in order:
            operands: list[fx.Node] = []
            map_arg((node.args, node.kwargs), operands.append)
            body = _body(path, node)
            operands += [results[body]] if body in results else []
            edges += [Edge(positions[operand], positions[node], index) for index, operand in enumerate(operands)]
            origin = origins.get(node) if origins else None
            fate = _ENDS.get(node.op) or status(node)
            nodes.append(self._node(node, names[node], fate, (origin,) if origin else ()))
        return ProgramGraph(stage, tuple(nodes), tuple(edges))

    def _node(self, node: fx.Node, name: str, status: Status, origins: tuple[str, ...]) -> Node:
        module = self._sources.module_path(node)
        path, line = self._sources.user_line(node) or ("", 0)
        findings = tuple(
            dict.fromkeys(
                finding.id
                for finding in self._findings.get(called(node) if node.op == "call_function" else node.op, ())
                if _is_about(finding, node.name, module, path, line)
            )
        )
        value = _described(self._sources, node.meta.get("val"))
        place, function = shown_path(path, self._root), self._functions.get(node, "") if origins else ""
        return Node(name, _op(node), status, module, value, place, line, findings, origins, function)


def _function(entry: Entry, root: str) -> str:
    """The name of an ONNX function and where it is from: "aten_gelu of torchlib", "my_gelu at ops.py:12"."""
    name = getattr(entry.function, "name", "")
    path, _, line = entry.origin.rpartition(":")
    return f"{name} at {shown_path(path, root)}:{line}" if path else f"{name} of {entry.origin}"


def _in_order(graphs: Mapping[str, fx.Graph], path: str, done: set[str]) -> Iterator[tuple[str, fx.Node]]:
    """The nodes of a graph with its path, each body of control flow before the first node that names it."""
    done.add(path)
    for node in graphs[path].nodes:
        body = _body(path, node)
        if body is not None and body in graphs and body not in done:
            yield from _in_order(graphs, body, done)
        yield path, node


def _body(path: str, node: fx.Node) -> str | None:
    """The path of the graph that a node names, if it names one."""
    if node.op != "get_attr":
        return None
    return f"{path}.{node.target}" if path else called(node)


def _is_about(finding: Finding, name: str, module: str, path: str, line: int) -> bool:
    """Whether a finding on this operator is about this node: the one it names, or one that it was collapsed with."""
    site, place = finding.site, finding.site.location
    if place is not None and line and (place.path != path or not place.line <= line <= place.end_line):
        return False
    return name == site.fx_node or (site.occurrences > 1 and module in (site.module, *site.modules))


def _op(node: fx.Node) -> str:
    """The operator of a node in the words of a finding, and "getitem" for Python's own."""
    if node.op != "call_function":
        return node.op
    if isinstance(node.target, (OpOverload, HigherOrderOperator)):
        return called(node)
    return getattr(node.target, "__name__", "") or called(node)


def _described(sources: SourceMap, value: object) -> str:
    """Dtype and shape of a captured value, or of each of several."""
    if not isinstance(value, (tuple, list)):
        return sources.describe(value)
    return _listed([sources.describe(item) or "none" for item in value])


def _listed(values: Sequence[str]) -> str:
    left_out = len(values) - _SHOWN_RESULTS
    return ", ".join(values) if left_out <= 0 else ", ".join([*values[:_SHOWN_RESULTS], f"and {left_out} more"])


class _Model:
    """Reads an ONNX model: the main graph, the bodies of its control flow, and its functions, as one graph."""

    def __init__(self, draft: OnnxDraft, names: Mapping[fx.Node, str], root: str) -> None:
        self._draft = draft
        self._root = root
        self._fx_names = names
        self._names = Names()
        self._nodes: list[Node] = []
        self._edges: list[Edge] = []
        self._makers: dict[int, int] = {}

    def graph(self) -> ProgramGraph:
        """The model. Bodies stand before the node that runs them, functions behind the main graph."""
        self._add(self._draft.model.graph, "")
        for function in self._draft.model.functions.values():
            self._add(function.graph, f"{function.domain}::{function.name}/")
        return ProgramGraph(Stage.ONNX, tuple(self._nodes), tuple(sorted(self._edges)))

    def _add(self, graph: ir.Graph, prefix: str) -> None:
        for value in self._add_body(graph, prefix):
            name = self._names.unique(f"{prefix}{value.name or 'output'}")
            self._row(Node(name, "output", Status.RESULT, value=_value(value)), [value])

    def _add_body(self, graph: ir.Graph, prefix: str) -> list[ir.Value]:
        """Add what a graph holds; the values that it returns."""
        given = {id(value) for value in graph.inputs}
        weights = [value for value in graph.initializers.values() if id(value) not in given]
        for op, values in (("input", graph.inputs), ("initializer", weights)):
            for value in values:
                self._makers[id(value)] = len(self._nodes)
                name = self._names.unique(f"{prefix}{value.name or op}")
                origin = None if prefix else self._draft.values.get(value.name or "")
                origins = () if origin is None else (self._fx_names[origin],)
                self._row(Node(name, op, Status.SOURCE, value=_value(value), origins=origins), [])
        for node in graph:
            bodies = [value for attribute in node.attributes.values() for value in _graphs(attribute)]
            returned = [value for body in bodies for value in self._add_body(body, prefix)]
            for output in node.outputs:
                self._makers[id(output)] = len(self._nodes)
            self._row(self._node(node, prefix), [*node.inputs, *returned])
        return list(graph.outputs)

    def _row(self, node: Node, operands: Sequence[ir.Value | None]) -> None:
        target = len(self._nodes)
        self._nodes.append(node)
        for index, operand in enumerate(operands):
            maker = self._makers.get(id(operand)) if operand is not None else None
            if maker is not None:
                self._edges.append(Edge(maker, target, index))

    def _node(self, node: ir.Node, prefix: str) -> Node:
        identity = node.metadata_props.get(PROVENANCE_KEY, "")
        origin = self._draft.origins.get(identity)
        module = node.metadata_props.get(MODULE_KEY) or (origin.module if origin else "")
        path, line = (origin.line if origin else None) or ("", 0)
        plain = node.domain in ("", UNSUPPORTED)
        status = Status.PLACEHOLDER if node.domain == UNSUPPORTED else Status.PLACED
        return Node(
            self._names.unique(f"{prefix}{node.name or node.op_type}"),
            node.op_type if plain else f"{node.domain}::{node.op_type}",
            Status.SOURCE if node.op_type == "Constant" and plain else status,
            module,
            _listed([_value(output) for output in node.outputs]),
            shown_path(path, self._root),
            line,
            origins=tuple(self._fx_names[each] for each in self._computes(identity)),
        )

    def _computes(self, identity: str) -> Sequence[fx.Node]:
        """The FX nodes that an ONNX node computes: all that a function stands for when it calls the function."""
        origin = self._draft.nodes.get(identity)
        return self._draft.calls.get(identity, () if origin is None else (origin,))


def _graphs(attribute: ir.Attr) -> Sequence[ir.Graph]:
    match attribute.type:
        case ir.AttributeType.GRAPH:
            return (attribute.as_graph(),)
        case ir.AttributeType.GRAPHS:
            return attribute.as_graphs()
    return ()


def _value(value: ir.Value) -> str:
    """Dtype and shape of an ONNX value: "f32[batch, 4]"; empty when neither is known."""
    if isinstance(value.type, ir.SequenceType):
        return f"sequence of {_dtype(value.dtype)}"
    dims = ", ".join("?" if dim is None else str(dim) for dim in _dims(value))
    return _dtype(value.dtype) + (f"[{dims}]" if value.shape is not None else "")


def _dims(value: ir.Value) -> list[int | str | None]:
    return [dim if isinstance(dim, int) else dim.value for dim in value.shape or ()]


def _dtype(dtype: ir.DataType | None) -> str:
    return "" if dtype is None else "bool" if dtype is ir.DataType.BOOL else dtype.short_name()
