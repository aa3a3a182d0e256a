"""Translate: trace the ONNX function of every node into onnx_ir, around a placeholder where there is none."""

from __future__ import annotations

import inspect
import operator
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir
import torch
from onnx_ir.tensor_adapters import TorchTensor
from torch import fx
from torch.export.graph_signature import InputKind, InputSpec
from torch.export.graph_signature import OutputKind as TorchOutputKind

from onnxdx.bodies import body_key
from onnxdx.compat import OpOverload, output_paths
from onnxdx.dtypes import onnx_dtype, onnx_shape
from onnxdx.naming import Names, base_name, function_domain, function_name
from onnxdx.operators import attribute, is_assertion, is_grad_mode, is_higher_order
from onnxdx.ops.control_flow import TRANSLATED
from onnxdx.tracing import ConstantNeeded, Scope, SymbolicTensor, Tracer
from onnxdx.values import (
    PROVENANCE_KEY,
    FunctionPlan,
    InputBinding,
    OnnxDraft,
    Origin,
    OutputBinding,
    OutputKind,
    Placement,
    Region,
)
from onnxdx_diagnostics.rules.dx306_constant_needed import ConstantArgumentNeeded
from onnxdx_diagnostics.rules.dx411_onnx_function_fails import OnnxFunctionFails
from onnxdx_diagnostics.rules.dx412_onnx_function_results import OnnxFunctionResults
from onnxdx_diagnostics.rules.dx413_buffer_updated import BufferUpdated
from onnxdx_diagnostics.rules.dx414_input_updated import InputUpdated
from onnxdx_diagnostics.sink import Sink

IR_VERSION = 10
UNSUPPORTED = "onnxdx.unsupported"


def run(plan: FunctionPlan, sink: Sink) -> OnnxDraft:
    """The program as an ONNX model, complete or around placeholders. Weights are shared with the module, not copied."""
    translator = _Translator(plan, sink)
    return translator.draft()


@dataclass(frozen=True)
class GraphReference:
    """A captured subgraph as an argument; `graph_path` is its key in `DecomposedProgram.subgraphs`."""

    graph_path: str


_Values = dict[fx.Node, Any]
"""What each node of a graph is in ONNX: a value, a list of values, a number, or a GraphReference."""


class _Translator:
    def __init__(self, plan: FunctionPlan, sink: Sink) -> None:
        self.plan = plan
        self.program = plan.plan.program
        self.captured = self.program.captured
        self.sink = sink
        self.tracer = Tracer(self.captured.request.options.opset_version)
        self.names = Names()
        self.node_names = Names()
        self.origins: dict[str, Origin] = {}
        self.nodes: dict[str, fx.Node] = {}
        self.named: dict[str, fx.Node] = {}
        self.placeholders: set[str] = set()
        self.functions: dict[str, ir.Function] = {}
        self.module_prefix = ""
        self.values: _Values = {}
        self.graph_prefix = ""

    # ---- the whole model -----------------------------------------------------------------------------------------

    def draft(self) -> OnnxDraft:
        inputs, bindings, initializers = self._inputs()
        for item in self.plan.root.items:
            self._item(item)
        outputs, output_bindings = self._outputs(initializers)
        graph = self._graph(inputs, [value for value, _ in outputs], self.tracer.scope, "main_graph")
        for value in (*initializers.values(), *self.tracer.scope.constants.values()):
            value.name = value.name or self.names.unique("constant")
            graph.initializers[value.name] = value
        model = ir.Model(graph, ir_version=IR_VERSION, producer_name="onnxdx", functions=[*self._all_functions()])
        return OnnxDraft(
            self.plan,
            model,
            self.origins,
            self.nodes,
            self.named,
            tuple(bindings),
            tuple(output_bindings),
            frozenset(self.placeholders),
        )

    def _all_functions(self) -> Iterator[ir.Function]:
        yield from self.functions.values()
        for function in self.tracer.functions.values():
            copy = function.clone()
            copy.graph.opset_imports[""] = self.tracer.opset_version
            yield copy

    def _inputs(self) -> tuple[list[ir.Value], list[InputBinding], dict[str, ir.Value]]:
        inputs: list[ir.Value] = []
        bindings: list[InputBinding] = []
        initializers: dict[str, ir.Value] = {}
        shared: dict[object, ir.Value] = {}
        signature = self.program.exported.graph_signature
        mutated = set(signature.buffers_to_mutate.values())
        position = 0
        placeholders = [node for node in self.program.graph.nodes if node.op == "placeholder"]
        for node, spec in zip(placeholders, signature.input_specs, strict=True):
            if spec.kind is InputKind.USER_INPUT:
                value = node.meta.get("val")
                if onnx_dtype(value) is None or isinstance(value, (int, float, bool)):
                    self.values[node] = value
                else:
                    self.values[node] = self._typed(SymbolicTensor(name=self.names.unique(node.name)), value)
                    inputs.append(self.values[node])
                    bindings.append(InputBinding(self.values[node].name, position))
                    self.named[self.values[node].name] = node
                position += 1
                continue
            tensor = self._state(spec)
            if tensor is None:
                self.values[node] = None
                continue
            value = self._initializer(node, spec, tensor, shared, keep_apart=spec.target in mutated)
            name = value.name or ""
            initializers[name] = value
            self.values[node] = value
            if spec.target in mutated:
                inputs.append(value)
                bindings.append(InputBinding(name, None, spec.target or ""))
        return inputs, bindings, initializers

    def _state(self, spec: InputSpec) -> torch.Tensor | None:
        exported = self.program.exported
        if spec.target is None:
            return None
        found = exported.state_dict.get(spec.target, exported.constants.get(spec.target))
        return found if isinstance(found, torch.Tensor) else None

    def _initializer(
        self, node: fx.Node, spec: InputSpec, tensor: torch.Tensor, shared: dict[object, ir.Value], keep_apart: bool
    ) -> ir.Value:
        """The value of a weight; weights that are one tensor in the module are one value."""
        key = None if keep_apart or tensor.numel() == 0 else _identity(tensor)
        if key is not None and key in shared:
            return shared[key]
        name = self.names.unique(spec.target or node.name)
        value = self._typed(SymbolicTensor(name=name), node.meta.get("val"))
        value.const_value = _ir_tensor(tensor, name)
        self.named[name] = node
        if key is not None:
            shared[key] = value
        return value

    def _outputs(
        self, initializers: Mapping[str, ir.Value]
    ) -> tuple[list[tuple[ir.Value, OutputBinding]], list[OutputBinding]]:
        signature = self.program.exported.graph_signature
        (output,) = (node for node in self.program.graph.nodes if node.op == "output")
        results = output.args[0] if isinstance(output.args[0], (tuple, list)) else (output.args[0],)
        user_names = _output_names(output_paths(self.program.exported))
        taken = {id(value) for value in self.values.values() if isinstance(value, ir.Value) and not value.producer()}
        states: list[tuple[ir.Value, OutputBinding]] = []
        users: list[tuple[ir.Value, OutputBinding]] = []
        position = 0
        for spec, result in zip(signature.output_specs, results, strict=True):
            node = result if isinstance(result, fx.Node) else None
            value = self.values.get(node) if node is not None else result
            if spec.kind is TorchOutputKind.USER_OUTPUT:
                if isinstance(value, ir.Value) and not isinstance(result, (int, float, bool)):
                    name = user_names[position] if position < len(user_names) else base_name(value.name or "output")
                    binding = OutputBinding(self.names.unique(name), OutputKind.USER, position)
                    users.append((self._output(value, binding.name, taken, node), binding))
                position += 1
            elif spec.kind in (TorchOutputKind.BUFFER_MUTATION, TorchOutputKind.USER_INPUT_MUTATION):
                is_buffer = spec.kind is TorchOutputKind.BUFFER_MUTATION
                kind = OutputKind.BUFFER if is_buffer else OutputKind.MUTATED_INPUT
                source = spec.target or ""
                binding = OutputBinding(self.names.unique(f"{source}.updated"), kind, None, source)
                states.append((self._output(self.value(value), binding.name, taken, node), binding))
                site = self.captured.sources.site(node) if node is not None else self.captured.sources.fallback()
                rule = BufferUpdated if is_buffer else InputUpdated
                self.sink.emit(rule(site, source, binding.name))
        everything = [*users, *states]
        return everything, [binding for _, binding in everything]

    def _output(self, value: ir.Value, name: str, taken: set[int], node: fx.Node | None) -> ir.Value:
        """The value under its output name: an Identity when it is an input, a weight, a constant or an output already."""
        if id(value) in taken or value.producer() is None:
            copy = self.tracer.emit("Identity", [value]).outputs[0]
            copy.type, copy.shape = value.type, value.shape
            if node is not None:
                self._stamp(node, self.tracer.scope.nodes[-1:])
            value = copy
        taken.add(id(value))
        value.name = name
        if node is not None:
            self.named[name] = node
        return value

    # ---- regions and nodes ---------------------------------------------------------------------------------------

    def _item(self, item: fx.Node | Region) -> None:
        if isinstance(item, Region):
            self._call(item)
        elif item.op == "get_attr":
            self.values[item] = self._attribute(item)
        else:
            self.values[item] = self._node(item)

    def _attribute(self, node: fx.Node) -> Any:
        path = self.graph_prefix + str(node.target)
        if path in self.program.subgraphs:
            return GraphReference(path)
        tensor = self.program.constants.get(str(node.target))
        if tensor is None:
            tensor = attribute(self.program.owner, path)
        if not isinstance(tensor, torch.Tensor):
            return tensor
        value = self.tracer.scope.constant(_ir_tensor(tensor, None), key=("attribute", path))
        value.name = value.name or self.names.unique(str(node.target))
        return value

    def _node(self, node: fx.Node) -> Any:
        if node.target is operator.getitem:
            return self._getitem(node)
        if is_assertion(node):
            return None
        if is_grad_mode(node) and not is_higher_order(node):
            return None
        known = node.meta.get("val")
        if isinstance(known, (bool, int, float)) and not isinstance(known, torch.SymInt):
            return known
        start = len(self.tracer.scope.nodes)
        placement = self.plan.plan.placements.get(node)
        handler = TRANSLATED.get(getattr(node.target, "__name__", "")) if is_higher_order(node) else None
        if placement is None and handler is None:
            return self._placeholder(node)
        try:
            result = self._higher_order(node, handler) if handler else self._trace(node, placement)
            values = self._results(node, result)
        except ConstantNeeded as error:
            self._forget(start)
            site = self.captured.sources.site(node)
            self.sink.emit(ConstantArgumentNeeded(site, str(node.target), error.parameter))
            return self._placeholder(node)
        except Exception as error:  # an ONNX function is foreign code, the user's own perhaps: anything can come out
            self._forget(start)
            self._report_failure(node, placement, error)
            return self._placeholder(node)
        self._stamp(node, self.tracer.scope.nodes[start:])
        return values

    def _trace(self, node: fx.Node, placement: Placement | None) -> Any:
        assert placement is not None
        args = [self._argument(argument) for argument in node.args]
        kwargs = {name: self._argument(argument) for name, argument in node.kwargs.items()}
        for index, dtype in placement.casts.items():
            args[index] = self._cast_all(args[index], dtype)
        if "result_count" in placement.entry.signature.params_map:
            results = node.meta.get("val")
            kwargs["result_count"] = len(results) if isinstance(results, (list, tuple)) else 1
        return self.tracer.trace(placement.entry.function, args, kwargs)

    def _higher_order(self, node: fx.Node, handler: Any) -> Any:
        args = [self._argument(argument) for argument in node.args]
        return handler(self, *args, **{name: self._argument(value) for name, value in node.kwargs.items()})

    def _report_failure(self, node: fx.Node, placement: Placement | None, error: Exception) -> None:
        site = self.captured.sources.site(node)
        function = placement.entry.function if placement else None
        name = str(getattr(function, "name", None) or getattr(function, "__name__", "the translation of control flow"))
        code = inspect.unwrap(getattr(function, "func", None) or getattr(function, "function", None) or _item)
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == inspect.getfile(code)
        ]
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        origin = placement.entry.origin if placement else "onnxdx"
        said = str(error).strip().split("\n", 1)[0] or type(error).__name__
        if isinstance(error, _ResultCount):
            self.sink.emit(OnnxFunctionResults(site, str(node.target), name, origin, said))
            return
        self.sink.emit(
            OnnxFunctionFails(site, str(node.target), name, origin, f"{type(error).__name__}: {said}", where)
        )

    def _forget(self, start: int) -> None:
        """Take back the nodes recorded since `start`."""
        for recorded in reversed(self.tracer.scope.nodes[start:]):
            for index in range(len(recorded.inputs)):
                recorded.replace_input_with(index, None)
        del self.tracer.scope.nodes[start:]

    def _getitem(self, node: fx.Node) -> Any:
        source, index = node.args
        container = self.values[source] if isinstance(source, fx.Node) else source
        if isinstance(container, (list, tuple)):
            assert isinstance(index, int)
            return container[index]
        position = self.tracer.constant(index, ir.DataType.INT64)
        start = len(self.tracer.scope.nodes)
        item = self.tracer.emit("SequenceAt", [self.value(container), position]).outputs[0]
        self._stamp(node, self.tracer.scope.nodes[start:])
        return self._typed(item, node.meta.get("val"))

    def _argument(self, argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return self.values[argument]
        if isinstance(argument, (list, tuple)):
            return [self._argument(item) for item in argument]
        if isinstance(argument, torch.dtype):
            return onnx_dtype(torch.empty((), dtype=argument, device="meta"))
        if isinstance(argument, (torch.device, torch.layout, torch.memory_format)):
            return str(argument)
        return argument

    def _cast_all(self, argument: Any, dtype: ir.DataType) -> Any:
        if isinstance(argument, list):
            return [self._cast_all(item, dtype) for item in argument]
        if not isinstance(argument, ir.Value) or argument.dtype is dtype:
            return argument
        return self._cast(argument, dtype)

    def _cast(self, value: ir.Value, dtype: ir.DataType) -> ir.Value:
        cast = self.tracer.emit("Cast", [value], {"to": int(dtype)}).outputs[0]
        cast.dtype, cast.shape = dtype, value.shape
        return cast

    def _placeholder(self, node: fx.Node) -> Any:
        """A node of the right results in a domain of ours, so that the rest can be translated."""
        inputs = []
        for argument in node.all_input_nodes:
            value = self.values.get(argument)
            items = value if isinstance(value, (list, tuple)) else [value]
            inputs += [item for item in items if isinstance(item, ir.Value)]
        known = node.meta.get("val")
        results = known if isinstance(known, (list, tuple)) else [known]
        stand_in = self.tracer.emit(str(node.target), inputs, outputs=len(results) or 1, domain=UNSUPPORTED, version=1)
        for output, result in zip(stand_in.outputs, results, strict=False):
            self._typed(output, result)
        self._stamp(node, [stand_in])
        self.placeholders.add(stand_in.metadata_props[PROVENANCE_KEY])
        return list(stand_in.outputs) if isinstance(known, (list, tuple)) else stand_in.outputs[0]

    # ---- results, types, names -----------------------------------------------------------------------------------

    def _results(self, node: fx.Node, result: Any) -> Any:
        """What a function returned, in the form and the dtypes that the captured graph expects."""
        known = node.meta.get("val")
        if isinstance(known, (list, tuple)):
            if isinstance(result, ir.Value) and isinstance(result.type, ir.SequenceType):
                return result
            got = list(result) if isinstance(result, (list, tuple)) else [result]
            if len(got) < len(known):
                raise _ResultCount(f"it returns {len(got)} values, and {len(known)} are expected")
            return [None if want is None else self._result(item, want) for item, want in zip(got, known, strict=False)]
        if isinstance(result, (list, tuple)):
            if len(result) != 1:
                raise _ResultCount(f"it returns {len(result)} values, and 1 is expected")
            result = result[0]
        return self._result(result, known)

    def _result(self, item: Any, known: Any) -> ir.Value:
        expected = onnx_dtype(known)
        if not isinstance(item, ir.Value):
            item = self.tracer.constant(item, expected or ir.DataType.FLOAT)
        if expected is not None and item.dtype is not None and item.dtype is not expected:
            item = self._cast(item, expected)
        return self._typed(item, known) if item.producer() is not None else item

    def _typed(self, value: ir.Value, known: Any) -> ir.Value:
        if isinstance(value.type, ir.SequenceType):
            return value
        dtype = onnx_dtype(known)
        if dtype is not None:
            value.dtype = dtype
            value.shape = onnx_shape(known, self.captured.dims)
        return value

    def _stamp(self, node: fx.Node, recorded: Sequence[ir.Node]) -> None:
        """Give recorded nodes their provenance id and names; the node's own results carry its FX name."""
        identity = str(len(self.origins))
        sources = self.captured.sources
        module = sources.module_path(node)
        self.origins[identity] = Origin(node.name, str(node.target), module, sources.user_line(node))
        self.nodes[identity] = node
        local = self._local_name(node)
        prefix = self._local_module(module)
        for index, step in enumerate(recorded):
            step.metadata_props[PROVENANCE_KEY] = identity
            last = index == len(recorded) - 1
            step.name = self.node_names.unique(f"{prefix}{local}" if last else f"{prefix}{local}.{step.op_type}")
            for output in step.outputs:
                if output.name is None:
                    output.name = self.names.unique(local if last else f"{local}.{step.op_type.lower()}")
                self.named[output.name] = node

    def _local_name(self, node: fx.Node) -> str:
        return base_name(node.name) if self.tracer.scope.root.in_function else node.name

    def _local_module(self, module: str) -> str:
        if self.tracer.scope.root.in_function:
            return ""
        return f"{module}/" if module else ""

    # ---- subgraphs (ops.control_flow.Inliner) ----------------------------------------------------------------------

    def inline(self, graph: GraphReference, inputs: Sequence[Any]) -> list[ir.Value]:
        """Translate a captured subgraph into the current scope, on these inputs."""
        body = self.program.subgraphs[graph.graph_path]
        outer_values, outer_prefix = self.values, self.graph_prefix
        self.values, self.graph_prefix = {}, f"{graph.graph_path}."
        try:
            placeholders = [node for node in body.nodes if node.op == "placeholder"]
            self.values.update(zip(placeholders, inputs, strict=True))
            for node in body.nodes:
                if node.op in ("call_function", "get_attr"):
                    self._item(node)
            (output,) = (node for node in body.nodes if node.op == "output")
            results = output.args[0] if isinstance(output.args[0], (tuple, list)) else (output.args[0],)
            return [self.value(self._argument(result)) for result in results if result is not None]
        finally:
            self.values, self.graph_prefix = outer_values, outer_prefix

    def value(self, argument: Any) -> ir.Value:
        """An argument as a value: itself, or a constant."""
        return argument if isinstance(argument, ir.Value) else self.tracer.vector_or_scalar(argument)

    def subgraph(self, inputs: Sequence[ir.Value], outputs: Sequence[ir.Value], scope: Scope, name: str) -> ir.Graph:
        """A finished scope as a graph attribute. Every output is computed in it, and only once."""
        own = {id(output) for node in scope.nodes for output in node.outputs}
        results: list[ir.Value] = []
        with self.tracer.inside(scope):
            for value in outputs:
                if id(value) not in own or any(value is other for other in results):
                    copy = self.tracer.emit("Identity", [value]).outputs[0]
                    copy.type, copy.shape = value.type, value.shape
                    value = copy
                results.append(value)
        for value in (*inputs, *(output for node in scope.nodes for output in node.outputs)):
            value.name = self.names.unique(value.name or f"{name}.value") if value.name is None else value.name
        return self._graph(list(inputs), results, scope, self.names.unique(name))

    def _graph(self, inputs: list[ir.Value], outputs: list[ir.Value], scope: Scope, name: str) -> ir.Graph:
        for node in scope.nodes:
            for output in node.outputs:
                output.name = output.name or self.names.unique(node.op_type.lower())
        imports = {"": self.tracer.opset_version}
        for node in scope.nodes:
            imports.setdefault(node.domain, 1)
        return ir.Graph(inputs, outputs, nodes=scope.nodes, opset_imports=imports, name=name)

    # ---- module calls as functions ---------------------------------------------------------------------------------

    def _call(self, region: Region) -> None:
        """Translate a module call as an ONNX function, shared with every equal one, and call it."""
        members = set(region.nodes())
        inputs = [node for node in _inputs_of(region) if node not in members]
        outputs = [node for node in region.nodes() if any(user not in members for user in node.users)]
        given, formal, inner = self._formal_inputs(inputs, region)
        outer = self.values, self.names, self.node_names
        self.values, self.names, self.node_names = inner, Names(), Names()
        for value in formal:
            value.name = self.names.unique(value.name or "input")
        scope = Scope(in_function=True)
        with self.tracer.inside(scope):
            for item in region.items:
                self._item(item)
            results = {node: self.values[node] for node in outputs}
            returned = [value for node in outputs for value in _flat(results[node])]
            body = self._function_graph(formal, returned, scope)
        self.values, self.names, self.node_names = outer
        function = self._unified(region, body)
        node = self.tracer.emit(
            function.name, given, outputs=len(returned), domain=function.domain, overload=function.overload
        )
        self._bind_results(region, node, results, returned)

    def _formal_inputs(
        self, inputs: Sequence[fx.Node], region: Region
    ) -> tuple[list[ir.Value], list[ir.Value], _Values]:
        """The values to call with, the function's own inputs for them, and what the body sees for each outer node."""
        given: list[ir.Value] = []
        formal: dict[int, ir.Value] = {}
        inner: _Values = {}

        def parameter(value: Any, node: fx.Node) -> Any:
            if isinstance(value, (list, tuple)):
                return [parameter(item, node) for item in value]
            if not isinstance(value, ir.Value):
                return value
            if id(value) not in formal:
                given.append(value)
                formal[id(value)] = SymbolicTensor(
                    name=_formal_name(value, region.path), type=value.type, shape=_known_rank(value)
                )
            return formal[id(value)]

        for node in inputs:
            inner[node] = parameter(self.values[node], node)
        return given, list(formal.values()), inner

    def _function_graph(self, formal: list[ir.Value], returned: list[ir.Value], scope: Scope) -> ir.Graph:
        heads = []
        for value in scope.constants.values():
            attributes = [ir.AttrTensor("value", value.const_value)] if value.const_value is not None else []
            value.name = self.names.unique("constant")
            heads.append(ir.Node("", "Constant", [], attributes, outputs=[value], name=value.name))
        scope.nodes[:0] = heads
        own = {id(output) for node in scope.nodes for output in node.outputs}
        for index, value in enumerate(returned):
            if id(value) not in own or any(value is other for other in returned[:index]):
                returned[index] = self.tracer.emit("Identity", [value]).outputs[0]
                returned[index].type, returned[index].shape = value.type, value.shape
        return self._graph(formal, returned, scope, "body")

    def _unified(self, region: Region, body: ir.Graph) -> ir.Function:
        """The function with this body: a known one if an equal body was met, or a new one with an overload of its own."""
        domain, name = function_domain(region.class_name), function_name(region.class_name)
        key = f"{domain}:{name}:{body_key(body)}"
        known = self.functions.get(key)
        if known is not None:
            return known
        variants = sum(1 for other in self.functions.values() if (other.domain, other.name) == (domain, name))
        overload = str(variants) if variants else ""
        self.functions[key] = ir.Function(domain, name, overload, graph=body, attributes=[])
        return self.functions[key]

    def _bind_results(
        self, region: Region, call: ir.Node, results: Mapping[fx.Node, Any], returned: Sequence[ir.Value]
    ) -> None:
        first = next(iter(region.nodes()))
        identity = str(len(self.origins))
        sources = self.captured.sources
        self.origins[identity] = Origin(first.name, region.class_name, region.path, sources.user_line(first))
        self.nodes[identity] = first
        call.metadata_props[PROVENANCE_KEY] = identity
        call.metadata_props["onnxdx.module"] = region.path
        call.name = self.node_names.unique(region.path if not self.tracer.scope.root.in_function else call.op_type)
        outputs = iter(call.outputs)
        for node, inside in results.items():
            values = []
            for inner in _flat(inside):
                value = next(outputs)
                value.type, value.shape = inner.type, inner.shape
                value.name = self.names.unique(self._local_name(node))
                self.named[value.name] = node
                values.append(value)
            self.values[node] = values if isinstance(inside, (list, tuple)) else values[0] if values else inside


class _ResultCount(Exception):
    """An ONNX function returned the wrong number of values."""


def _flat(value: Any) -> list[ir.Value]:
    if isinstance(value, (list, tuple)):
        return [item for entry in value for item in _flat(entry)]
    return [value] if isinstance(value, ir.Value) else []


def _inputs_of(region: Region) -> list[fx.Node]:
    found: dict[fx.Node, None] = {}
    for node in region.nodes():
        found.update(dict.fromkeys(node.all_input_nodes))
    return list(found)


def _formal_name(value: ir.Value, path: str) -> str:
    """The name of a function's input: a weight by its name inside the module, a value by its own without numbers."""
    name = value.name or "input"
    clean = path.split("@", 1)[0]
    return name[len(clean) + 1 :] if clean and name.startswith(f"{clean}.") else base_name(name)


def _known_rank(value: ir.Value) -> ir.Shape | None:
    return None if value.shape is None else ir.Shape(list(value.shape))


def _identity(tensor: torch.Tensor) -> object:
    return (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride(), tensor.device)


def _ir_tensor(tensor: torch.Tensor, name: str | None) -> ir.TensorProtocol:
    plain = tensor.detach()
    if plain.is_complex():
        plain = torch.view_as_real(plain.resolve_conj())
    return TorchTensor(plain.resolve_neg() if plain.is_neg() else plain, name=name)


def _output_names(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Names of the user outputs: keys where the model returns a mapping, else "output" with its position."""
    if len(paths) == 1 and all(key.isdigit() for key in paths[0]):
        return ["output"]
    return ["output_" + "_".join(path) if path[0].isdigit() else "_".join(path) for path in paths]


def _item(value: Any) -> Any:
    return value


__all__ = ["GraphReference", "OpOverload", "run"]
