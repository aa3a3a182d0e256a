"""Translation of captured nodes: the state of a model under construction, and how one node becomes ONNX.

What surrounds the nodes is elsewhere: the graph's inputs and outputs in `boundary`, functions in `function_calls`.
"""

from __future__ import annotations

import inspect
import operator
import traceback
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir
import torch
from torch import fx

from onnxdx.compat.writing_operators import written_in_words
from onnxdx.dtypes import ir_tensor, onnx_dtype, onnx_shape
from onnxdx.errors import first_line
from onnxdx.faults import training_mode
from onnxdx.graph.operators import attribute, called, computed, is_assertion, is_grad_mode, is_higher_order
from onnxdx.ops.control_flow import TRANSLATED, inlined
from onnxdx.tracing.symbolic import ConstantNeeded, OpsetNeeded, TracingError
from onnxdx.tracing.tracer import Scope, Tracer
from onnxdx.translation.naming import Names, base_name
from onnxdx.values import PROVENANCE_KEY, UNSUPPORTED, FunctionPlan, Origin, Placement, Region, RepeatedBody
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx306_constant_needed import ConstantArgumentNeeded
from onnxdx_diagnostics.rules.dx307_opset_too_low import OpsetTooLow
from onnxdx_diagnostics.rules.dx309_use_not_supported import UseNotSupported
from onnxdx_diagnostics.rules.dx411_onnx_function_fails import OnnxFunctionFails
from onnxdx_diagnostics.rules.dx412_onnx_function_results import OnnxFunctionResults
from onnxdx_diagnostics.sink import Sink


@dataclass(frozen=True)
class GraphReference:
    """A captured subgraph as an argument; `graph_path` is its key in `DecomposedProgram.subgraphs`."""

    graph_path: str


Values: TypeAlias = dict[fx.Node, Any]
"""What each node of a graph is in ONNX: a value, a list of values, a number, or a GraphReference."""


class Translation:
    """A model under construction. `values` are the results so far, `origins`, `nodes` and `named` the provenance,
    `state_names` the names of weights and buffers in the module by their placeholder.

    `call_function` translates a region that is to be a function; it gets this object and the region. `calls` and
    `repeated` are those of OnnxDraft; `flat` holds the regions that could not be functions, by id, with the reason, and
    `templates` those that were translated, by their shape.
    """

    def __init__(self, plan: FunctionPlan, sink: Sink, call_function: Callable[[Translation, Region], None]) -> None:
        self.plan = plan
        self.program = plan.plan.program
        self.captured = self.program.captured
        self.sink = sink
        self.call_function = call_function
        self.tracer = Tracer(self.captured.request.options.opset_version)
        self.names = Names()
        self.node_names = Names()
        self.origins: dict[str, Origin] = {}
        self.nodes: dict[str, fx.Node] = {}
        self.named: dict[str, fx.Node] = {}
        self.placeholders: set[str] = set()
        self.functions: dict[str, ir.Function] = {}
        self.function_names = Names()
        self.calls: dict[str, tuple[fx.Node, ...]] = {}
        self.flat: dict[int, Finding | None] = {}
        self.lifted = frozenset(self.program.exported.graph_signature.inputs_to_lifted_tensor_constants)
        self.templates: dict[Hashable, Any] = {}
        self.repeated: dict[ir.OperatorIdentifier, RepeatedBody] = {}
        self.state_names: dict[fx.Node, str] = {}
        self.values: Values = {}
        self.graph_prefix = ""

    def item(self, item: fx.Node | Region) -> None:
        """Translate one node or one region; `values` holds its results afterwards."""
        if isinstance(item, Region):
            self.call_function(self, item)
        elif item.op == "get_attr":
            self.values[item] = self._attribute(item)
        else:
            self.values[item] = self.node(item)

    def results(self) -> dict[str, tuple[fx.Node, int | None]]:
        """Which ONNX value is the result of which node; a value of several nodes is the first's, which computes it."""
        found: dict[str, tuple[fx.Node, int | None]] = {}
        for node, result in self.values.items():
            if node.op != "call_function" or node.target is operator.getitem:
                continue
            several = isinstance(result, (list, tuple))
            for index, value in enumerate(result if several else [result]):
                if isinstance(value, ir.Value) and value.producer() is not None:
                    found.setdefault(value.name or "", (node, index if several else None))
        return found

    @contextmanager
    def apart(self, values: Values, sink: Sink) -> Iterator[None]:
        """For the time of the block, a graph with values and names of its own, whose findings go to `sink`."""
        outer = self.values, self.names, self.node_names, self.named, self.sink
        self.values, self.names, self.node_names, self.named, self.sink = values, Names(), Names(), {}, sink
        try:
            yield
        finally:
            self.values, self.names, self.node_names, self.named, self.sink = outer

    def _attribute(self, node: fx.Node) -> Any:
        path = self.graph_prefix + str(node.target)
        if path in self.program.subgraphs:
            return GraphReference(path)
        tensor = self.program.constants.get(str(node.target))
        if tensor is None:
            tensor = attribute(self.program.owner, path)
        if not isinstance(tensor, torch.Tensor):
            return tensor
        value = self.tracer.scope.constant(ir_tensor(tensor, None), key=("attribute", path))
        value.name = value.name or self.names.unique(str(node.target))
        return value

    def node(self, node: fx.Node) -> Any:
        """The results of one node, around a placeholder when it cannot be translated."""
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
            values = self._results(node, result, exact=placement is not None and placement.entry.is_users)
        # an ONNX function is foreign code, the user's own perhaps: anything can come out, and nothing may end the run
        except (Exception, SystemExit) as error:
            self._forget(start)
            self._report_failure(node, placement, error)
            return self._placeholder(node)
        self.stamp(node, self.tracer.scope.nodes[start:])
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

    def _report_failure(self, node: fx.Node, placement: Placement | None, error: Exception | SystemExit) -> None:
        site = self.captured.sources.site(node)
        function = placement.entry.function if placement else None
        name = str(getattr(function, "name", None) or getattr(function, "__name__", "the translation of control flow"))
        body = inspect.unwrap(getattr(function, "func", None) or getattr(function, "function", None) or inlined)
        written_in = inspect.getfile(body)
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == written_in]
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        origin = placement.entry.origin if placement else "onnxdx"
        said = first_line(error)
        match error:
            case ConstantNeeded(parameter=parameter):
                self.sink.emit(ConstantArgumentNeeded(site, called(node), parameter))
            case OpsetNeeded(opset=opset):
                self.sink.emit(OpsetTooLow(site, called(node), opset, self.tracer.opset_version))
            case NotImplementedError() | AssertionError() if placement is not None and not placement.entry.is_users:
                if training_mode.draws_as_in_training(node) and not self.captured.request.options.training:
                    return  # in eval mode, which is what is told already, it would be nothing
                self.sink.emit(UseNotSupported(site, called(node), said))
            case _WrongResult():
                self.sink.emit(OnnxFunctionResults(site, called(node), name, origin, said))
            case TracingError():
                self.sink.emit(OnnxFunctionFails(site, called(node), name, origin, said, where))
            case _:
                reason = f"{type(error).__name__}: {said}"
                self.sink.emit(OnnxFunctionFails(site, called(node), name, origin, reason, where))

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
        if container is None:
            return None
        position = self.tracer.constant(index, ir.DataType.INT64)
        start = len(self.tracer.scope.nodes)
        item = self.tracer.emit("SequenceAt", [self.value(container), position]).outputs[0]
        self.stamp(node, self.tracer.scope.nodes[start:])
        return self.typed(item, node.meta.get("val"))

    def _argument(self, argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return self.values[argument]
        if isinstance(argument, (list, tuple)):
            return [self._argument(item) for item in argument]
        if isinstance(argument, torch.dtype) and argument.is_complex:
            return ir.DataType.COMPLEX128 if argument is torch.complex128 else ir.DataType.COMPLEX64
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
        if dtype in (ir.DataType.COMPLEX64, ir.DataType.COMPLEX128):
            return self._as_complex(argument, dtype)
        return self._cast(argument, dtype)

    def _as_complex(self, value: ir.Value, dtype: ir.DataType) -> ir.Value:
        """A real tensor as pairs on a last axis, the imaginary part zero."""
        part = ir.DataType.DOUBLE if dtype is ir.DataType.COMPLEX128 else ir.DataType.FLOAT
        real = value if value.dtype is part else self._cast(value, part)
        last = self.tracer.constant([-1], ir.DataType.INT64)
        column = self.tracer.emit("Unsqueeze", [real, last]).outputs[0]
        pads = self.tracer.constant([0] * (2 * len(value.shape or ()) + 1) + [1], ir.DataType.INT64)
        pair = self.tracer.emit("Pad", [column, pads]).outputs[0]
        pair.type, pair.shape = ir.TensorType(part), ir.Shape([*(value.shape or ()), 2])
        return pair

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
        # the name keeps apart what differs in numbers only: equal nodes are merged
        stand_in = self.tracer.emit(
            called(node), inputs, {"fx_node": node.name}, outputs=len(results) or 1, domain=UNSUPPORTED, version=1
        )
        for output, result in zip(stand_in.outputs, results, strict=False):
            self.typed(output, result)
        self.stamp(node, [stand_in])
        self.placeholders.add(stand_in.metadata_props[PROVENANCE_KEY])
        return list(stand_in.outputs) if isinstance(known, (list, tuple)) else stand_in.outputs[0]

    def is_placeholder(self, node: fx.Node) -> bool:
        """Whether a node was translated to a placeholder."""
        value = self.values.get(node)
        first = next(iter(value), None) if isinstance(value, (list, tuple)) else value
        producer = first.producer() if isinstance(first, ir.Value) else None
        return producer is not None and producer.domain == UNSUPPORTED

    def _results(self, node: fx.Node, result: Any, exact: bool) -> Any:
        """What a function returned, in the form and the dtypes that the captured graph expects.

        Functions of ours may return more values than the operator; of the user's (`exact`) that is a mistake.
        """
        known = node.meta.get("val")
        which = f": {said}" if (said := written_in_words(node.target)) else ""
        if isinstance(known, (list, tuple)):
            if isinstance(result, ir.Value) and isinstance(result.type, ir.SequenceType):
                return result
            got = list(result) if isinstance(result, (list, tuple)) else [result]
            if len(got) < len(known) or (exact and len(got) > len(known)):
                raise _WrongResult(f"it returns {len(got)} values, and {len(known)} are expected{which}")
            pairs = zip(got, known, strict=False)
            return [None if want is None else self._result(item, want, exact) for item, want in pairs]
        if isinstance(result, (list, tuple)):
            if len(result) != 1:
                raise _WrongResult(f"it returns {len(result)} values, and 1 is expected{which}")
            result = result[0]
        return self._result(result, known, exact)

    def _result(self, item: Any, known: Any, exact: bool) -> ir.Value | None:
        expected = onnx_dtype(known)
        if known is None and item is None:
            return None
        if not isinstance(item, ir.Value):
            if not isinstance(item, (bool, int, float, complex, list, tuple, np.ndarray, np.generic)):
                raise _WrongResult(f"it returns {_described(item)}, and a tensor is expected")
            item = self.tracer.constant(item, expected or ir.DataType.FLOAT)
        wanted = onnx_shape(known, self.captured.dims)
        if exact and item.producer() is None and wanted is not None and not _same_shape(item.shape, wanted):
            raise _WrongResult(f"it returns a constant of the shape {item.shape}, and {wanted} is expected")
        if expected is not None and item.dtype is not None and item.dtype is not expected:
            item = self._cast(item, expected)
        return self.typed(item, known) if item.producer() is not None else item

    def typed(self, value: ir.Value, known: Any) -> ir.Value:
        """The value with the dtype and shape that capture saw."""
        if isinstance(value.type, ir.SequenceType):
            return value
        dtype = onnx_dtype(known)
        if dtype is not None:
            value.dtype = dtype
            value.shape = onnx_shape(known, self.captured.dims)
        return value

    def stamp(self, node: fx.Node, recorded: Sequence[ir.Node]) -> None:
        """Give recorded nodes their provenance id and names; the node's own results carry its FX name."""
        identity = str(len(self.origins))
        sources = self.captured.sources
        module = sources.module_path(node)
        self.origins[identity] = Origin(node.name, called(node), module, sources.user_line(node))
        self.nodes[identity] = node
        local = self.local_name(node)
        prefix = self._local_module(module)
        for index, step in enumerate(recorded):
            step.metadata_props[PROVENANCE_KEY] = identity
            last = index == len(recorded) - 1
            step.name = self.node_names.unique(f"{prefix}{local}" if last else f"{prefix}{local}.{step.op_type}")
            for output in step.outputs:
                if output.name is None:
                    output.name = self.names.unique(local if last else f"{local}.{step.op_type.lower()}")
                self.named[output.name] = node

    def local_name(self, node: fx.Node) -> str:
        """What the node's results are called: in a function without the number that tells equal calls apart."""
        return base_name(node.name) if self.tracer.scope.root.in_function else node.name

    def _local_module(self, module: str) -> str:
        if self.tracer.scope.root.in_function:
            return ""
        return f"{module}/" if module else ""

    def inline(self, graph: GraphReference, inputs: Sequence[Any]) -> list[ir.Value]:
        """Translate a captured subgraph into the current scope, on these inputs."""
        body = self.program.subgraphs[graph.graph_path]
        outer_values, outer_prefix = self.values, self.graph_prefix
        self.values, self.graph_prefix = {}, f"{graph.graph_path}."
        try:
            placeholders = [node for node in body.nodes if node.op == "placeholder"]
            self.values.update(zip(placeholders, inputs, strict=True))
            for item in self.plan.bodies.get(graph.graph_path) or computed(body):
                self.item(item)
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
        return self.graph(list(inputs), results, scope, self.names.unique(name))

    def graph(self, inputs: list[ir.Value], outputs: list[ir.Value], scope: Scope, name: str) -> ir.Graph:
        """A finished scope as a graph; every value in it gets a name."""
        for node in scope.nodes:
            for output in node.outputs:
                output.name = output.name or self.names.unique(node.op_type.lower())
        imports = {"": self.tracer.opset_version}
        for node in scope.nodes:
            imports.setdefault(node.domain, node.version or 1)
        return ir.Graph(inputs, outputs, nodes=scope.nodes, opset_imports=imports, name=name)


class _WrongResult(Exception):
    """An ONNX function returned the wrong number of values, or what is no value of ONNX."""


def _same_shape(shape: ir.Shape | None, wanted: ir.Shape) -> bool:
    """Whether two shapes have the same rank, and the same sizes where both are known."""
    if shape is None or len(shape) != len(wanted):
        return shape is None
    pairs = zip(shape, wanted, strict=True)
    return all(one == other for one, other in pairs if isinstance(one, int) and isinstance(other, int))


def _described(item: object) -> str:
    return "None" if item is None else f"a value of type `{type(item).__name__}`"
