"""Arguments and results against the signature of an ONNX operator: sorted, counted, and given their types."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import onnx
import onnx_ir as ir
from onnx_ir.schemas import AttributeParameter, OpSignature, Parameter
from onnxscript import values

from onnxdx.tracing.symbolic import Argument, ConstantNeeded, TracingError


def bind(
    signature: OpSignature, args: Sequence[Argument], kwargs: Mapping[str, Argument]
) -> tuple[dict[str, Argument], dict[str, Argument]]:
    """Sort arguments into the inputs and attributes of a signature.

    Optional inputs that are not given are None, attributes that are not given are left to their default. Arguments that
    the signature does not know are dropped: whether that may be done is the caller's to know (see `dropped`).

    Raises ConstantNeeded when an attribute is given a run-time value, TracingError when an argument is missing.
    """
    inputs: dict[str, Argument] = {}
    attributes: dict[str, Argument] = {}
    rest = list(args)
    for parameter in signature.params:
        if isinstance(parameter, Parameter) and parameter.variadic:
            inputs[parameter.name] = tuple(rest) if rest else kwargs.get(parameter.name, ())
            rest = []
            continue
        provided = bool(rest) or parameter.name in kwargs
        given = rest.pop(0) if rest else kwargs.get(parameter.name)
        if isinstance(parameter, AttributeParameter):
            if given is None and parameter.default is not None:
                given = parameter.default.value
            if given is None and parameter.required:
                raise TracingError(f"`{parameter.name}` is not given to {signature.name}")
            if given is not None:
                attributes[parameter.name] = _as_attribute(parameter, given)
            continue
        if given is None and parameter.has_default():
            given = parameter.default
        if not provided and given is None and parameter.required and not parameter.has_default():
            raise TracingError(f"`{parameter.name}` is not given to {signature.name}")
        inputs[parameter.name] = given
    return inputs, attributes


def dropped(signature: OpSignature, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> tuple[int, set[str]]:
    """How many positional arguments, and which keyword arguments, a signature has no parameter for."""
    if any(isinstance(parameter, Parameter) and parameter.variadic for parameter in signature.params):
        return 0, set()
    return max(0, len(args) - len(signature.params)), set(kwargs) - set(signature.params_map)


def _as_attribute(parameter: AttributeParameter, given: Argument) -> Argument:
    if isinstance(given, ir.Value):
        if given.const_value is None:
            raise ConstantNeeded(parameter.name)
        given = given.const_value.numpy().tolist()
    if isinstance(given, (list, tuple)) and any(isinstance(item, ir.Value) for item in given):
        raise ConstantNeeded(parameter.name)
    if parameter.type is ir.AttributeType.FLOAT and isinstance(given, (int, bool)):
        return float(given)
    if parameter.type is ir.AttributeType.INTS and isinstance(given, int):
        return [given]
    return given


@functools.cache
def _schema_signature(domain: str, name: str, since_version: int) -> OpSignature:
    return OpSignature.from_op_schema(onnx.defs.get_schema(name, since_version, domain))


def signature_of(op: values.Op) -> OpSignature | None:
    """The signature of an ONNX operator; None for one without a schema."""
    schema = op.op_schema
    return None if schema is None else _schema_signature(schema.domain, schema.name, schema.since_version)


def output_count(domain: str, name: str, declared: int, given: Mapping[str, Argument]) -> int:
    """How many values a call of an operator gives; `declared` are the outputs of its schema, optional ones too.

    `given` are its inputs and attributes by name. Raises TracingError when they do not tell.
    """
    if domain == "" and name == "BatchNormalization" and not given.get("training_mode"):
        return 1
    if domain == "" and name == "Split":
        return _part_count(given)
    return declared


def _part_count(given: Mapping[str, Argument]) -> int:
    """Into how many parts Split takes its input (ONNX operator schema, Split-18)."""
    count, sizes = given.get("num_outputs"), given.get("split")
    if isinstance(count, int):
        return count
    if isinstance(sizes, (list, tuple)):
        return len(sizes)
    length = sizes.shape[0] if isinstance(sizes, ir.Value) and sizes.shape is not None and len(sizes.shape) else None
    if not isinstance(length, int):
        raise TracingError("Split: into how many parts is not known; give num_outputs, or the sizes as a list")
    return length


def takes_sequences(parameter: Parameter) -> bool:
    """Whether a parameter is for sequences of tensors only."""
    return all(isinstance(allowed, ir.SequenceType) for allowed in parameter.type_constraint.allowed_types)


def bound_types(signature: OpSignature, inputs: Mapping[str, Argument]) -> dict[str, ir.TypeProtocol]:
    """Type variable -> the type that the given values bind it to."""
    binding: dict[str, ir.TypeProtocol] = {}
    for name, argument in inputs.items():
        parameter = signature.params_map[name]
        candidates = argument if isinstance(argument, (list, tuple)) else (argument,)
        for candidate in candidates:
            if isinstance(candidate, ir.Value) and candidate.type is not None:
                binding.setdefault(parameter.type_constraint.name, candidate.type)  # type: ignore[union-attr]
    return binding


def dtype_for(parameter: Parameter, argument: Argument, binding: Mapping[str, ir.TypeProtocol]) -> ir.DataType:
    """The element type in which a Python constant is given to a parameter."""
    bound = binding.get(parameter.type_constraint.name)
    if bound is not None:
        return bound.dtype
    if len(parameter.type_constraint.allowed_types) == 1:
        (only,) = parameter.type_constraint.allowed_types
        return only.dtype
    return natural_dtype(argument)


def natural_dtype(argument: Argument) -> ir.DataType:
    """The element type of a constant by its type in Python alone; raises TracingError when it has no form in ONNX."""
    if isinstance(argument, (list, tuple)):
        known = [natural_dtype(item) for item in argument if item is not None]
        return ir.DataType.FLOAT if ir.DataType.FLOAT in known else (known[0] if known else ir.DataType.INT64)
    if isinstance(argument, ir.Value):
        return argument.dtype or ir.DataType.INT64
    if isinstance(argument, bool):
        return ir.DataType.BOOL
    if isinstance(argument, int):
        return ir.DataType.INT64
    if isinstance(argument, (float, complex)):
        return ir.DataType.FLOAT
    if isinstance(argument, str):
        return ir.DataType.STRING
    raise TracingError(f"a {type(argument).__name__} has no form in ONNX")


_TYPED_BY_ATTRIBUTE = {"Cast": "to", "EyeLike": "dtype", "RandomNormalLike": "dtype", "RandomUniformLike": "dtype"}


def type_outputs(node: ir.Node, signature: OpSignature, binding: Mapping[str, ir.TypeProtocol]) -> None:
    """Give outputs the element type that follows from the operator's schema and its inputs."""
    by_attribute = node.attributes.get(_TYPED_BY_ATTRIBUTE.get(node.op_type, ""))
    if by_attribute is not None:
        node.outputs[0].dtype = ir.DataType(by_attribute.as_int())
        return
    formal: Sequence[Parameter] = signature.outputs
    for index, output in enumerate(node.outputs if formal else ()):
        parameter = formal[min(index, len(formal) - 1)]
        bound = binding.get(parameter.type_constraint.name)
        if bound is not None:
            output.type = bound
        elif len(parameter.type_constraint.allowed_types) == 1:
            output.type = next(iter(parameter.type_constraint.allowed_types))
