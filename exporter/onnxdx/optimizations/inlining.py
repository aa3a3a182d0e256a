"""Repeated bodies put in place of their calls: each copy has the names, the weights and the provenance of its call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import onnx_ir as ir
from torch import fx

from onnxdx.graph.operators import called
from onnxdx.translation.naming import Names
from onnxdx.values import PROVENANCE_KEY, REPEATED, OnnxDraft, Origin, RepeatedBody


def inline_repeated(draft: OnnxDraft) -> OnnxDraft:
    """The draft, its model without functions that stand for repeated regions; values are named after their FX nodes."""
    if not draft.repeated:
        return draft
    graph = draft.model.graph
    inliner = _Inliner(draft, _taken(graph), _taken_by_nodes(graph))
    for call in [node for node in graph if node.domain == REPEATED]:
        inliner.inline(call)
    for identifier in draft.repeated:
        draft.model.functions.pop(identifier, None)
    graph.opset_imports.pop(REPEATED, None)
    return replace(
        draft,
        origins={**draft.origins, **inliner.origins},
        nodes={**draft.nodes, **inliner.nodes},
        values={**draft.values, **inliner.values},
        results={**draft.results, **inliner.results},
        calls={},
        repeated={},
    )


def _taken(graph: ir.Graph) -> Names:
    """The names of the values of a graph and of the bodies in it, as taken."""
    names = Names()
    for value in (*graph.inputs, *graph.initializers.values()):
        names.unique(value.name or "")
    for node in graph.all_nodes():
        for value in (*node.outputs, *(given for body in _bodies(node) for given in body.inputs)):
            names.unique(value.name or "")
    return names


def _taken_by_nodes(graph: ir.Graph) -> Names:
    names = Names()
    for node in graph.all_nodes():
        names.unique(node.name or "")
    return names


@dataclass
class _Inliner:
    draft: OnnxDraft
    names: Names
    node_names: Names
    origins: dict[str, Origin] = field(default_factory=dict)
    nodes: dict[str, fx.Node] = field(default_factory=dict)
    values: dict[str, fx.Node] = field(default_factory=dict)
    results: dict[str, tuple[fx.Node, int | None]] = field(default_factory=dict)
    constants: dict[object, ir.Value] = field(default_factory=dict)
    lifted: dict[ir.Node, ir.Value | None] = field(default_factory=dict)

    def inline(self, call: ir.Node) -> None:
        """Put the body of a function in place of one call of it."""
        function = self.draft.model.functions[call.op_identifier()]
        repeated = self.draft.repeated[call.op_identifier()]
        members = self.draft.calls[call.metadata_props[PROVENANCE_KEY]]
        copy = _Copy(self, repeated, dict(zip(repeated.members, members, strict=True)))
        copy.map.update(zip(function.inputs, call.inputs, strict=False))
        graph = call.graph
        assert isinstance(graph, ir.Graph)
        outputs = dict(zip(function.outputs, call.outputs, strict=True))
        graph.insert_before(call, [node for step in function for node in copy.node(step, outputs)])
        for value, output in outputs.items():
            copied = copy.map[value]
            assert copied is not None
            name, output.name = output.name, None
            ir.convenience.replace_all_uses_with(output, copied, replace_graph_outputs=True)
            copied.name = name
            copy.note(value, name or "")
        graph.remove(call, safe=True)

    def constant(self, node: ir.Node) -> ir.Value | None:
        """The one initializer for all constants that are equal to this node's; None when it is no plain tensor."""
        if node not in self.lifted:
            self.lifted[node] = self._lifted(node)
        return self.lifted[node]

    def _lifted(self, node: ir.Node) -> ir.Value | None:
        attribute = node.attributes.get("value")
        if attribute is None or attribute.type is not ir.AttributeType.TENSOR:
            return None
        tensor = attribute.as_tensor()
        key = (tensor.dtype, tuple(tensor.shape), tensor.tobytes())
        if key not in self.constants:
            name = self.names.unique("constant")
            value = ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(tensor.shape.numpy()))
            value.const_value = tensor
            self.draft.model.graph.register_initializer(value)
            self.constants[key] = value
        return self.constants[key]


@dataclass
class _Copy:
    """One copy of a body. `twins` maps the FX nodes that the body was translated from to those of the call."""

    inliner: _Inliner
    body: RepeatedBody
    twins: Mapping[fx.Node, fx.Node]
    map: dict[ir.Value, ir.Value | None] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def node(self, step: ir.Node, outputs: Mapping[ir.Value, ir.Value]) -> Iterator[ir.Node]:
        """The copy of one node, if it needs one. Names of the body's own outputs are left to the caller."""
        if step.op_type == "Constant" and step.domain == "" and step.outputs[0] not in outputs:
            constant = self.inliner.constant(step)
            if constant is not None:
                self.map[step.outputs[0]] = constant
                return
        identity = step.metadata_props.get(PROVENANCE_KEY, "")
        made_by = self.inliner.draft.nodes.get(identity)
        twin = self.twins.get(made_by) if made_by is not None else None
        copied = [self._value(value, step, twin, value in outputs) for value in step.outputs]
        module = self.inliner.draft.captured.sources.module_path(twin) if twin is not None else ""
        local = f"{twin.name}{_behind_dot(step.name or '')}" if twin is not None else step.name or step.op_type
        yield ir.Node(
            step.domain,
            step.op_type,
            [self.map.get(value, value) if value is not None else None for value in step.inputs],
            [self._attribute(attribute) for attribute in step.attributes.values()],
            overload=step.overload,
            outputs=copied,
            version=step.version,
            name=self.inliner.node_names.unique(f"{module}/{local}" if module else local),
            metadata_props={**step.metadata_props, PROVENANCE_KEY: self._identity(identity, twin)},
        )

    def note(self, value: ir.Value, name: str) -> None:
        """Keep what the copy of a value stands for."""
        made_by = self.body.named.get(value.name or "")
        if made_by is not None and made_by in self.twins:
            self.inliner.values[name] = self.twins[made_by]
        result = self.body.results.get(value.name or "")
        if result is not None and result[0] in self.twins:
            self.inliner.results[name] = (self.twins[result[0]], result[1])

    def _value(self, value: ir.Value, step: ir.Node, twin: fx.Node | None, is_output: bool) -> ir.Value:
        copied = ir.Value(name=None, type=value.type, shape=value.shape)
        self.map[value] = copied
        if is_output or not value.name:
            return copied
        owner = self.body.named.get(value.name)
        base = self.twins.get(owner, twin) if owner is not None else twin
        known = f".{step.op_type.lower()}" if owner is None else _behind_dot(value.name)
        copied.name = self.inliner.names.unique(f"{base.name if base is not None else value.name}{known}")
        self.note(value, copied.name)
        return copied

    def _identity(self, identity: str, twin: fx.Node | None) -> str:
        if twin is None:
            return identity
        if identity not in self.ids:
            draft, sources = self.inliner.draft, self.inliner.draft.captured.sources
            new = f"{identity}.{len(self.inliner.origins)}"
            self.inliner.origins[new] = Origin(
                twin.name,
                draft.origins[identity].op or called(twin),
                sources.module_path(twin),
                sources.user_line(twin),
            )
            self.inliner.nodes[new] = twin
            self.ids[identity] = new
        return self.ids[identity]

    def _attribute(self, attribute: ir.Attr) -> ir.Attr:
        if attribute.type is not ir.AttributeType.GRAPH:
            return attribute
        body = attribute.as_graph().clone(allow_outer_scope_values=True)
        for node in body.all_nodes():
            identity = node.metadata_props.get(PROVENANCE_KEY, "")
            made_by = self.inliner.draft.nodes.get(identity)
            twin = self.twins.get(made_by) if made_by is not None else None
            node.metadata_props[PROVENANCE_KEY] = self._identity(identity, twin)
            node.name = self.inliner.node_names.unique(node.name or node.op_type)
            for index, value in enumerate(node.inputs):
                if value in self.map:
                    node.replace_input_with(index, self.map[value])
            for value in node.outputs:
                value.name = self.inliner.names.unique(value.name or node.op_type.lower())
        for graph in (body, *(inner for node in body.all_nodes() for inner in _bodies(node))):
            graph.outputs[:] = [
                found if (found := self.map.get(value)) is not None else value for value in graph.outputs
            ]
            for value in graph.inputs:
                value.name = self.inliner.names.unique(value.name or "input")
        return ir.AttrGraph(attribute.name, body)


def _behind_dot(name: str) -> str:
    """What tells an intermediate value of an FX node from its result: ".matmul" of "linear_3.matmul_1"."""
    dot = name.find(".")
    return "" if dot < 0 else re.sub(r"_\d+$", "", name[dot:])


def _bodies(node: ir.Node) -> Iterator[ir.Graph]:
    for attribute in node.attributes.values():
        if attribute.type is ir.AttributeType.GRAPH:
            yield attribute.as_graph()
