"""Traces ONNX functions into onnx_ir nodes: an evaluator for onnxscript that records instead of computing.

A `Scope` is one graph under construction (the main graph, the body of a function, a branch of an If); a `Tracer` runs
ONNX functions and appends what they call to the current scope.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnx_ir as ir
import onnxscript
from onnx_ir.schemas import OpSignature, Parameter
from onnxscript import evaluator, values

from onnxdx.tracing.signatures import (
    bind,
    bound_types,
    dtype_for,
    natural_dtype,
    output_count,
    signature_of,
    takes_sequences,
    type_outputs,
)
from onnxdx.tracing.symbolic import Argument, Result, SymbolicTensor, TracingError


@dataclass
class Scope:
    """One graph under construction.

    `constants` live in the nearest scope that can hold them for all its children: initializers of the main graph, or
    Constant nodes at the head of a function body (`in_function`), because functions have no initializers.
    """

    parent: Scope | None = None
    in_function: bool = False
    nodes: list[ir.Node] = field(default_factory=list)
    constants: dict[object, ir.Value] = field(default_factory=dict)

    @property
    def root(self) -> Scope:
        """The scope that holds the constants: this one, or the graph that this subgraph is part of."""
        return self if self.parent is None else self.parent.root

    def constant(self, tensor: ir.TensorProtocol, key: object = None) -> ir.Value:
        """A value that is always `tensor`. Equal `key`s give the same value."""
        root = self.root
        if key is not None and (known := root.constants.get(key)) is not None:
            return known
        value = SymbolicTensor(
            name=None, shape=ir.Shape(tensor.shape.numpy()), type=ir.TensorType(tensor.dtype), const_value=tensor
        )
        root.constants[key if key is not None else value] = value
        return value


class Tracer(evaluator.Evaluator):
    """Runs ONNX functions and records the nodes they call.

    `functions` collects the onnxscript functions that were called as functions (their bodies are scripts with control
    flow of their own, which cannot be traced); the caller adds them to the model.
    """

    def __init__(self, opset_version: int) -> None:
        self.opset_version = opset_version
        self.scope = Scope()
        self.functions: dict[ir.OperatorIdentifier, ir.Function] = {}

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[Scope]:
        """Record into `scope` for the time of the block."""
        outer, self.scope = self.scope, scope
        try:
            yield scope
        finally:
            self.scope = outer

    def trace(self, function: Any, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Any:
        """Run one ONNX function on values and constants, and return what it returns.

        Raises TracingError when an argument does not fit, and whatever the function itself raises.
        """
        with evaluator.default_as(self):
            if isinstance(function, onnxscript.OnnxFunction):
                return self.eval_function(function, args, kwargs)
            inputs, attributes = bind(function.op_signature, args, kwargs)
            return function.func(**inputs, **attributes)

    def eval_op(self, op: values.Op, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Any:
        """Record a call of an ONNX operator (onnxscript's Evaluator protocol)."""
        if op.name == "Constant":
            return self._constant_node(kwargs)
        signature = signature_of(op)
        if signature is None:
            attributes = dict(kwargs)
            outputs = attributes.pop("_outputs", 1)
            return self._emit(op.opset.domain, op.name, op.opset.version, list(args), attributes, outputs)
        inputs, attributes = bind(signature, args, kwargs)
        return self._call(
            signature,
            inputs,
            attributes,
            output_count(signature.domain, signature.name, len(signature.outputs), {**inputs, **attributes}),
        )

    def eval_function(
        self, function: onnxscript.OnnxFunction[..., Any], args: Sequence[Argument], kwargs: Mapping[str, Argument]
    ) -> Any:
        """Record a call of an onnxscript function (onnxscript's Evaluator protocol)."""
        signature = function.op_signature
        if signature is None:
            raise TracingError(f"the ONNX function {function.name} has no signature")
        inputs, attributes = bind(signature, args, kwargs)
        body = _function_body(function)
        self.functions[body.identifier()] = body
        for called in function.function_ir.get_called_functions().values():
            inner = _function_body(called)
            self.functions[inner.identifier()] = inner
        return self._call(signature, inputs, attributes, len(body.outputs), body.identifier())

    def emit(
        self,
        op_type: str,
        inputs: Sequence[ir.Value | None],
        attributes: Mapping[str, Any] | None = None,
        *,
        outputs: int = 1,
        domain: str = "",
        overload: str = "",
        version: int | None = None,
    ) -> ir.Node:
        """Append a node to the current scope, as it is, and return it."""
        if domain == "" and (adapt := _ADAPTED.get(op_type)) is not None:
            inputs, attributes = adapt(self, inputs, dict(attributes or {}))
        trimmed = list(inputs)
        while trimmed and trimmed[-1] is None:
            trimmed.pop()
        node = ir.Node(
            domain,
            op_type,
            trimmed,
            [a for a in ir.convenience.convert_attributes(attributes or {}) if a.value is not None],
            overload=overload,
            outputs=[SymbolicTensor(name=None) for _ in range(outputs)],
            version=version,
        )
        self.scope.nodes.append(node)
        return node

    def constant(self, value: Any, dtype: ir.DataType) -> ir.Value:
        """A constant of the current graph; equal constants are one value."""
        key = (repr(value), dtype)
        if isinstance(value, complex):
            value = (value.real, value.imag)
        return self.scope.constant(ir.tensor(np.asarray(value).astype(dtype.numpy())), key)

    def vector(self, items: Sequence[Argument], dtype: ir.DataType = ir.DataType.INT64) -> ir.Value:
        """A list of numbers and scalar values as one 1-D tensor."""
        if not any(isinstance(item, ir.Value) for item in items):
            return self.constant(list(items), dtype)
        parts = [self._as_1d(item) if isinstance(item, ir.Value) else self.constant([item], dtype) for item in items]
        return parts[0] if len(parts) == 1 else self.emit("Concat", parts, {"axis": 0}, version=13).outputs[0]

    def _call(
        self,
        signature: OpSignature,
        inputs: Mapping[str, Argument],
        attributes: Mapping[str, Argument],
        outputs: int,
        function: ir.OperatorIdentifier | None = None,
    ) -> Result:
        binding = bound_types(signature, inputs)
        flat: list[ir.Value | None] = []
        for name, argument in inputs.items():
            parameter = signature.params_map[name]
            assert isinstance(parameter, Parameter)
            if parameter.variadic:
                flat.extend(self._as_value(parameter, item, binding) for item in argument or ())
            else:
                flat.append(self._as_value(parameter, argument, binding))
        domain, name, overload = function or (signature.domain, signature.name, "")
        version = signature.since_version if function is None else None
        node = self.emit(name, flat, attributes, outputs=outputs, domain=domain, overload=overload, version=version)
        type_outputs(node, signature, binding)
        return node.outputs[0] if outputs == 1 else node.outputs

    def _emit(
        self, domain: str, name: str, version: int, args: list[Argument], kwargs: dict[str, Argument], outputs: int
    ) -> Result:
        given = [item if isinstance(item, ir.Value) or item is None else self.vector_or_scalar(item) for item in args]
        node = self.emit(name, given, kwargs, outputs=outputs, domain=domain, version=version)
        return node.outputs[0] if outputs == 1 else node.outputs

    def vector_or_scalar(self, item: Argument) -> ir.Value:
        """A Python number or list where no schema says which dtype it should have."""
        dtype = natural_dtype(item)
        return self.vector(item, dtype) if isinstance(item, (list, tuple)) else self.constant(item, dtype)

    def _constant_node(self, kwargs: Mapping[str, Argument]) -> ir.Value:
        value: Any
        ((kind, value),) = ((name, given) for name, given in kwargs.items() if given is not None)
        if isinstance(value, ir.Attr):
            value = value.value
        if isinstance(value, onnx.TensorProto):
            return self.scope.constant(ir.serde.deserialize_tensor(value))
        if isinstance(value, ir.TensorProtocol):
            return self.scope.constant(value)
        dtypes = {
            "value_int": ir.DataType.INT64,
            "value_ints": ir.DataType.INT64,
            "value_float": ir.DataType.FLOAT,
            "value_floats": ir.DataType.FLOAT,
        }
        if kind in dtypes:
            return self.constant(value, dtypes[kind])
        return self.emit("Constant", [], kwargs, version=13).outputs[0]

    def _as_constant(self, parameter: Argument, argument: Argument, binding: Mapping[str, Any]) -> Argument:
        """A Python constant as the value that the parameter's type asks for; lists that hold values stay lists."""
        if argument is None or isinstance(argument, ir.Value) or takes_sequences(parameter) or parameter.variadic:
            return argument
        if isinstance(argument, (list, tuple)) and any(isinstance(item, (ir.Value, type(None))) for item in argument):
            return argument
        if isinstance(argument, ir.TensorProtocol):
            return self.scope.constant(argument)
        return self.constant(argument, dtype_for(parameter, argument, binding))

    def _as_value(self, parameter: Parameter, argument: Argument, binding: Mapping[str, Any]) -> ir.Value | None:
        argument = self._as_constant(parameter, argument, binding)
        if argument is None or isinstance(argument, ir.Value):
            return argument
        if takes_sequences(parameter):
            items = [self._as_value_of_sequence(item) for item in argument]
            node = self.emit("SequenceConstruct", items, version=11)
            node.outputs[0].type = ir.SequenceType(ir.TensorType(items[0].dtype or ir.DataType.UNDEFINED))
            return node.outputs[0]
        if not isinstance(argument, (list, tuple)):
            return self.constant(argument, dtype_for(parameter, argument, binding))
        return self.vector([item for item in argument if item is not None], dtype_for(parameter, argument, binding))

    def _as_value_of_sequence(self, item: Argument) -> ir.Value:
        return item if isinstance(item, ir.Value) else self.vector_or_scalar(item)

    def _as_1d(self, value: ir.Value) -> ir.Value:
        if value.shape is not None and len(value.shape) == 1:
            return value
        minus_one = self.constant([-1], ir.DataType.INT64)
        node = self.emit("Reshape", [value, minus_one], version=14)
        node.outputs[0].type = ir.TensorType(value.dtype or ir.DataType.INT64)
        node.outputs[0].shape = ir.Shape([1])
        return node.outputs[0]


@functools.cache
def _script_body(function: onnxscript.OnnxFunction[..., Any]) -> ir.Function:
    body = ir.serde.deserialize_function(function.to_function_proto())
    for node in body.all_nodes():  # onnxscript leaves out the domains that only branches and loop bodies use
        body.opset_imports.setdefault(node.domain, node.version or 1)
    return body


def _function_body(function: onnxscript.OnnxFunction[..., Any]) -> ir.Function:
    return _script_body(function)


_Call: TypeAlias = tuple[Sequence["ir.Value | None"], Mapping[str, Any] | None]


def _dft(tracer: Tracer, inputs: Sequence[ir.Value | None], attributes: dict[str, Any]) -> _Call:
    """DFT takes its axis as an input since opset 20, as an attribute before."""
    if tracer.opset_version < 20 or "axis" not in attributes:
        return inputs, attributes
    axis = tracer.constant(attributes.pop("axis"), ir.DataType.INT64)
    length = inputs[1] if len(inputs) > 1 else None
    return [inputs[0], length, axis], attributes


def _grid_sample(tracer: Tracer, inputs: Sequence[ir.Value | None], attributes: dict[str, Any]) -> _Call:
    """GridSample calls its modes linear and cubic since opset 20, bilinear and bicubic before."""
    if tracer.opset_version >= 20 and "mode" in attributes:
        attributes["mode"] = attributes["mode"].removeprefix("bi")
    return inputs, attributes


_ADAPTED: Mapping[str, Callable[[Tracer, Sequence[ir.Value | None], dict[str, Any]], _Call]] = {
    "DFT": _dft,
    "GridSample": _grid_sample,
}
"""ONNX functions are written for opset 18. Between it and 23 these are the operators whose form changed; all others
only took more types. GroupNormalization changed too (21), and torchlib does not use it."""
