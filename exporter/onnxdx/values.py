"""The values that flow from pass to pass. Each is frozen; a pass makes a new one.

ExportRequest -> CapturedProgram -> DecomposedProgram -> DispatchPlan -> FunctionPlan -> OnnxDraft -> OnnxDraft
"""

from __future__ import annotations

import enum
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx
import onnx_ir as ir
import torch
from torch import fx
from torch.export import ExportedProgram

from onnxdx.dynamic_shapes import AskedDim
from onnxdx.memory import Memory
from onnxdx.registry import Entry
from onnxdx.request import ExportRequest
from onnxdx.user_code.provenance import SourceMap
from onnxdx_diagnostics.finding import Site


class CaptureMode(enum.Enum):
    """How the graph was captured. Anything but the first two is a stand-in: good for diagnosis, never returned."""

    NON_STRICT = "non-strict"
    STRICT = "strict"
    DRAFT = "draft"
    SPECIALIZED = "specialized"
    RECORDED = "recorded"

    @property
    def stand_in(self) -> str:
        """How a stand-in was made, in words for the user; empty for a capture as it was asked for."""
        match self:
            case CaptureMode.NON_STRICT | CaptureMode.STRICT:
                return ""
            case CaptureMode.DRAFT:
                return "captured with decisions by the values of the sample inputs"
            case CaptureMode.SPECIALIZED:
                return "captured with sizes of the sample inputs"
            case CaptureMode.RECORDED:
                return "recorded while the model ran on the sample inputs"


@dataclass(frozen=True)
class CapturedProgram:
    """The graph that torch.export captured, in its training IR (not functionalised).

    `dims` maps torch's symbols ("s77") to the user's own names ("batch"), `asked` every dim that was asked to be
    dynamic to its size in the graph. `recovered` says that the capture the user asked for failed and that this program
    is a stand-in which lets the later passes speak. `memory` is where passes keep what an export of the same capture
    can use again.
    """

    request: ExportRequest
    exported: ExportedProgram
    mode: CaptureMode
    sources: SourceMap
    dims: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[AskedDim, int | torch.SymInt] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory, compare=False)

    @property
    def recovered(self) -> bool:
        """Whether this program is a stand-in for one that could not be captured."""
        return self.mode not in (CaptureMode.NON_STRICT, CaptureMode.STRICT)


@dataclass(frozen=True)
class DecomposedProgram:
    """The captured graph, functional, with the nodes decomposed that no ONNX function stands for.

    `graph` is the main graph; `subgraphs` are the bodies of control flow by the path under which get_attr nodes name
    them ("true_graph_0", and "true_graph_0.body_graph_0" for one inside another). `owner` holds what else get_attr
    nodes name, `constants` the tensors that decomposition made. `dead_ends` are nodes that stay although nothing can
    place them, because a finding already says so. `origins` maps the nodes of a rewritten graph to those of the graph
    it was rewritten from.
    """

    captured: CapturedProgram
    exported: ExportedProgram
    graph: fx.Graph
    subgraphs: Mapping[str, fx.Graph] = field(default_factory=dict)
    dead_ends: frozenset[fx.Node] = frozenset()
    constants: Mapping[str, torch.Tensor] = field(default_factory=dict)
    origins: Mapping[fx.Node, fx.Node] = field(default_factory=dict)

    @property
    def owner(self) -> torch.nn.Module:
        """The module whose attributes the graph refers to."""
        module: torch.nn.Module = self.exported.graph_module
        return module

    def graphs(self) -> Iterator[tuple[str, fx.Graph]]:
        """The main graph, under "", and all subgraphs."""
        yield "", self.graph
        yield from self.subgraphs.items()


@dataclass(frozen=True)
class Placement:
    """The ONNX function that stands for a node; `casts` are the arguments to convert first (torch's type promotion)."""

    entry: Entry
    casts: Mapping[int, ir.DataType] = field(default_factory=dict)


@dataclass(frozen=True)
class DispatchPlan:
    """For every operator node of the program what stands for it; a node without a placement becomes a placeholder."""

    program: DecomposedProgram
    placements: Mapping[fx.Node, Placement]


@dataclass(frozen=True)
class Region:
    """One call that may become an ONNX function: the nodes and calls in it, in an order in which they can be computed.

    It is the call of an nn.Module, or of one operator. `path` is the module path ("layers.0.attn"), `class_name` the
    module's qualified class, `operator` the name of the operator ("aten::add.Tensor"), empty for a module. A region
    with a `shape` is one of several of that shape in a flat program: its function is put in place of each call again.
    """

    path: str
    class_name: str
    items: tuple[fx.Node | Region, ...]
    operator: str = ""
    shape: Hashable = None

    def nodes(self) -> Iterator[fx.Node]:
        """All nodes of the region and of the regions in it."""
        for item in self.items:
            if isinstance(item, Region):
                yield from item.nodes()
            else:
                yield item


@dataclass(frozen=True)
class FunctionPlan:
    """Which calls become ONNX functions: the root region holds the whole main graph, `bodies` those of control flow."""

    plan: DispatchPlan
    root: Region
    bodies: Mapping[str, tuple[fx.Node | Region, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """Where an ONNX node comes from: a row of the provenance side table."""

    fx_node: str
    op: str
    module: str
    line: tuple[str, int] | None


@dataclass(frozen=True)
class RepeatedBody:
    """What a function stands for that is to be put in place of its calls: the region that its body was translated from.

    `members` are the nodes of the region. `named` and `results` are for the values of the body what `values` and
    `results` of OnnxDraft are for those of the main graph.
    """

    members: tuple[fx.Node, ...]
    named: Mapping[str, fx.Node]
    results: Mapping[str, tuple[fx.Node, int | None]]


@dataclass(frozen=True)
class OnnxDraft:
    """An ONNX model under construction.

    `origins` is the side table: the id that an ONNX node carries in its metadata -> where it comes from. `nodes` maps
    the same ids to FX nodes, `values` the names of ONNX values to the FX node they stand for. `inputs` and `outputs`
    say what the graph's inputs and outputs are in the captured program. `placeholders` are the ids of nodes without an
    ONNX function, `faulty` those of nodes that a finding already says are wrong. `results` maps the names of ONNX
    values to the FX node of the main graph that they are the result of, with the position where it has several.
    `calls` are the FX nodes behind the call of a function, by the id of the call, `repeated` the functions that are to
    be put in place of their calls. The IR model is mutable; a pass that changes it owns it from then on.
    """

    plan: FunctionPlan
    model: ir.Model
    origins: Mapping[str, Origin]
    nodes: Mapping[str, fx.Node]
    values: Mapping[str, fx.Node]
    inputs: tuple[InputBinding, ...]
    outputs: tuple[OutputBinding, ...]
    placeholders: frozenset[str] = frozenset()
    faulty: frozenset[str] = frozenset()
    results: Mapping[str, tuple[fx.Node, int | None]] = field(default_factory=dict)
    calls: Mapping[str, tuple[fx.Node, ...]] = field(default_factory=dict)
    repeated: Mapping[ir.OperatorIdentifier, RepeatedBody] = field(default_factory=dict)

    @property
    def captured(self) -> CapturedProgram:
        """The capture that this draft was made from."""
        return self.plan.plan.program.captured

    @property
    def complete(self) -> bool:
        """Whether every node of a graph that was captured as asked has become ONNX."""
        return not self.placeholders and not self.captured.recovered

    def feeds(self, flat: Sequence[Any]) -> dict[str, torch.Tensor | int | float | bool]:
        """The inputs of the ONNX graph, by name, from the model's flattened ones."""
        return {binding.name: flat[binding.position] for binding in self.inputs if binding.position is not None}

    def function_of(self, node: fx.Node | None) -> str:
        """Where the user's own ONNX function for a node stands ("file.py:12"); empty when he has none for it."""
        placement = self.plan.plan.placements.get(node) if node is not None else None
        return placement.entry.origin if placement is not None and placement.entry.is_users else ""

    def node_of(self, onnx_node: ir.Node) -> fx.Node | None:
        """The FX node that an ONNX node comes from."""
        return self.nodes.get(onnx_node.metadata_props.get(PROVENANCE_KEY, ""))

    def site(self, onnx_node: ir.Node) -> Site:
        """The site of the FX node that an ONNX node comes from."""
        fx_node = self.node_of(onnx_node)
        sources = self.captured.sources
        return sources.site(fx_node) if fx_node is not None else sources.fallback()

    def site_named(self, text: str) -> Site:
        """The site of the ONNX node that a message of onnx or ONNX Runtime names; the call site when it names none."""
        named = self.node_named(text)
        return self.site(named) if named is not None else self.captured.sources.fallback()

    def node_named(self, text: str) -> ir.Node | None:
        """The ONNX node that a message of onnx or ONNX Runtime names, if it names one."""
        words = {word.rstrip(".") for word in re.findall(r"[\w./@-]+", text)}
        bodies = (self.model.graph, *(function.graph for function in self.model.functions.values()))
        nodes = [node for body in bodies for node in body.all_nodes() if node.name in words]
        quoted = [node for node in nodes if f"'{node.name}'" in text]
        return next(iter(quoted or nodes), None)


@dataclass(frozen=True)
class ValidatedDraft:
    """A draft that was held against the rules of ONNX.

    `light` is the model as it was serialised for that, without its large weights; None when the draft has become
    another since.
    """

    draft: OnnxDraft
    light: onnx.ModelProto | None = None


REPEATED = "onnxdx.repeated"
"""The domain of functions that are put in place of their calls before the export is over."""

UNSUPPORTED = "onnxdx.unsupported"
"""The domain of placeholders."""

PROVENANCE_KEY = "onnxdx.id"
"""The metadata property in which an ONNX node carries its id of the provenance side table."""

MODULE_KEY = "onnxdx.module"
"""The metadata property in which the call of a function carries the path of the module."""

OPERATOR_KEY = "onnxdx.operator"
"""The metadata property in which an operator's function carries the operator's name with its overload."""


@dataclass(frozen=True)
class InputBinding:
    """One input of the ONNX graph: the position of its tensor among the flattened inputs of the model.

    `position` is None for a buffer that the model updates, which the graph takes as an optional input; `buffer` is its
    name.
    """

    name: str
    position: int | None
    buffer: str = ""


class OutputKind(enum.Enum):
    """What an output of the ONNX graph is to the model."""

    USER = "user"
    STATE = "state"
    MUTATED_INPUT = "mutated-input"


@dataclass(frozen=True)
class OutputBinding:
    """One output of the ONNX graph. `position` is that of the flattened outputs of the model (user outputs only).

    `source` names the buffer or the input that the output is the new value of.
    """

    name: str
    kind: OutputKind
    position: int | None = None
    source: str = ""
