"""The boundary of a model: what its inputs, weights and outputs are in ONNX, in the user's own names."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Literal

import onnx_ir as ir
import torch
from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, InputSpec
from torch.export.graph_signature import OutputKind as TorchOutputKind

from onnxdx.compat.fake_tensors import fake_mode_of
from onnxdx.compat.pytree import output_paths
from onnxdx.compat.pytree_types import holds_unknown
from onnxdx.dtypes import ir_tensor, onnx_dtype
from onnxdx.faults import training_mode
from onnxdx.graph.operators import is_strided, writes_by_itself
from onnxdx.request import Lacking
from onnxdx.tracing.symbolic import SymbolicTensor
from onnxdx.translation.naming import base_name
from onnxdx.translation.translation import Translation
from onnxdx.values import InputBinding, OutputBinding, OutputKind
from onnxdx.weights.absent_weights import AbsentWeight, storage_identity
from onnxdx_diagnostics.rules.dx413_buffer_updated import BufferUpdated
from onnxdx_diagnostics.rules.dx414_input_updated import InputUpdated
from onnxdx_diagnostics.rules.dx416_no_outputs import NoOutputs

_STATE_KINDS: Mapping[TorchOutputKind, Literal["buffer", "parameter"]] = {
    TorchOutputKind.BUFFER_MUTATION: "buffer",
    TorchOutputKind.PARAMETER_MUTATION: "parameter",
}


def graph_inputs(t: Translation) -> tuple[list[ir.Value], tuple[InputBinding, ...], dict[str, ir.Value]]:
    """The inputs of the main graph, what they are to the model, and its weights by name."""
    inputs: list[ir.Value] = []
    bindings: list[InputBinding] = []
    initializers: dict[str, ir.Value] = {}
    shared: dict[object, ir.Value] = {}
    signature = t.program.exported.graph_signature
    mutated = {spec.target for spec in signature.output_specs if spec.kind in _STATE_KINDS}
    position = 0
    names = _names_of_state(t.program.exported) if t.captured.request.lacking is Lacking.WEIGHTS else {}
    placeholders = [node for node in t.program.graph.nodes if node.op == "placeholder"]
    for node, spec in zip(placeholders, signature.input_specs, strict=True):
        if spec.kind is InputKind.USER_INPUT:
            value = node.meta.get("val")
            if onnx_dtype(value) is None or isinstance(value, (int, float, bool)):
                t.values[node] = value
            else:
                t.values[node] = t.typed(SymbolicTensor(name=t.names.unique(node.name)), value)
                inputs.append(t.values[node])
                bindings.append(InputBinding(t.values[node].name, position))
                t.named[t.values[node].name] = node
            position += 1
            continue
        tensor = _state(t, spec)
        t.state_names[node] = spec.target or node.name
        if tensor is None:
            t.values[node] = None
            continue
        is_fake = fake_mode_of(tensor) is not None and t.captured.request.lacking is not Lacking.WEIGHTS
        if is_fake or not is_strided(tensor):
            t.values[node] = t.typed(
                SymbolicTensor(name=t.names.unique(spec.target or node.name)), node.meta.get("val")
            )
            inputs.append(t.values[node])
            continue
        value = _initializer(t, node, spec, tensor, shared, names, keep_apart=spec.target in mutated)
        name = value.name or ""
        initializers[name] = value
        t.values[node] = value
        if spec.target in mutated:
            inputs.append(value)
            bindings.append(InputBinding(name, None, spec.target or ""))
    return inputs, tuple(bindings), initializers


def _state(t: Translation, spec: InputSpec) -> torch.Tensor | None:
    exported = t.program.exported
    if spec.target is None:
        return None
    found = exported.state_dict.get(spec.target, exported.constants.get(spec.target))
    return found if isinstance(found, torch.Tensor) else None


def _initializer(
    t: Translation,
    node: fx.Node,
    spec: InputSpec,
    tensor: torch.Tensor,
    shared: dict[object, ir.Value],
    names: Mapping[object, Sequence[str]],
    keep_apart: bool,
) -> ir.Value:
    """The value of a weight; weights that are one tensor in the module are one value, with all its `names`."""
    key = None if keep_apart or tensor.numel() == 0 else storage_identity(tensor)
    if key is not None and key in shared:
        return shared[key]
    name = t.names.unique(spec.target or node.name)
    value = t.typed(SymbolicTensor(name=name), node.meta.get("val"))
    if fake_mode_of(tensor) is not None:
        source = spec.target or node.name
        value.const_value = _absent(name, value, source, names.get(storage_identity(tensor), ()))
    else:
        value.const_value = ir_tensor(tensor, name)
    t.named[name] = node
    if key is not None:
        shared[key] = value
    return value


def _absent(name: str, value: ir.Value, source: str, names: Sequence[str]) -> AbsentWeight:
    """What stands for a weight whose values are still to come; `names` are all that it has in the module."""
    assert value.dtype is not None
    assert value.shape is not None
    return AbsentWeight(name, value.dtype, value.shape, (source, *(other for other in names if other != source)))


def _names_of_state(exported: ExportedProgram) -> Mapping[object, Sequence[str]]:
    """The names of each tensor of the module's state: several where the module ties weights."""
    names: dict[object, list[str]] = {}
    for name, tensor in {**exported.state_dict, **exported.constants}.items():
        if isinstance(tensor, torch.Tensor) and is_strided(tensor):
            names.setdefault(storage_identity(tensor), []).append(name)
    return names


def graph_outputs(t: Translation) -> tuple[list[ir.Value], tuple[OutputBinding, ...]]:
    """The outputs of the main graph: the user's, then new values of buffers and inputs that the model updates."""
    signature = t.program.exported.graph_signature
    (output,) = (node for node in t.program.graph.nodes if node.op == "output")
    results = output.args[0] if isinstance(output.args[0], (tuple, list)) else (output.args[0],)
    user_names = _output_names(output_paths(t.program.exported))
    taken = {id(value) for value in t.values.values() if isinstance(value, ir.Value) and not value.producer()}
    states: list[tuple[ir.Value, OutputBinding]] = []
    users: list[tuple[ir.Value, OutputBinding]] = []
    position = 0
    for spec, result in zip(signature.output_specs, results, strict=True):
        node = result if isinstance(result, fx.Node) else None
        value = t.values.get(node) if node is not None else result
        if spec.kind is TorchOutputKind.USER_OUTPUT:
            if isinstance(value, ir.Value) and not isinstance(result, (int, float, bool)):
                name = user_names[position] if position < len(user_names) else base_name(value.name or "output")
                binding = OutputBinding(t.names.unique(name), OutputKind.USER, position)
                users.append((_output(t, value, binding.name, taken, node), binding))
            position += 1
        elif spec.kind in (*_STATE_KINDS, TorchOutputKind.USER_INPUT_MUTATION):
            is_state = spec.kind in _STATE_KINDS
            kind = OutputKind.STATE if is_state else OutputKind.MUTATED_INPUT
            source = spec.target or ""
            binding = OutputBinding(t.names.unique(f"{source}.updated"), kind, None, source)
            states.append((_output(t, t.value(value), binding.name, taken, node), binding))
            site = t.captured.sources.site(node) if node is not None else t.captured.sources.fallback()
            if _is_written_by_placeholder(t, node):
                continue
            if is_state and source not in training_mode.updated_statistics(t.captured):
                t.sink.emit(BufferUpdated(site, source, binding.name, _STATE_KINDS[spec.kind]))
            elif not is_state:
                t.sink.emit(InputUpdated(site, source, binding.name))
    everything = [*users, *states]
    returned = t.program.exported.call_spec.out_spec
    if not everything and (returned is None or not holds_unknown(returned)):
        site = t.captured.sources.site_of_forward(t.captured.request.model)
        t.sink.emit(NoOutputs(site, _returned(t.program.exported)))
    return [value for value, _ in everything], tuple(binding for _, binding in everything)


def _is_written_by_placeholder(t: Translation, node: fx.Node | None) -> bool:
    """Whether an operator without an ONNX function is what writes: with another operator the write may be gone."""
    while node is not None and node.target is operator.getitem and isinstance(node.args[0], fx.Node):
        node = node.args[0]
    return node is not None and writes_by_itself(node) and t.is_placeholder(node)


def _returned(exported: ExportedProgram) -> str:
    """What a model without outputs returns, in short."""
    spec = exported.call_spec.out_spec
    if spec is None or spec.num_leaves == 0:
        return "nothing"
    constants = [getattr(each.arg, "value", None) for each in exported.graph_signature.output_specs]
    return ", ".join(repr(value) for value in constants)


def _output(t: Translation, value: ir.Value, name: str, taken: set[int], node: fx.Node | None) -> ir.Value:
    """The value under its output name; an Identity of it when it is an input, a constant or an output already."""
    if id(value) in taken or value.producer() is None:
        copy = t.tracer.emit("Identity", [value]).outputs[0]
        copy.type, copy.shape = value.type, value.shape
        if node is not None:
            t.stamp(node, t.tracer.scope.nodes[-1:])
        value = copy
    taken.add(id(value))
    value.name = name
    if node is not None:
        t.named[name] = node
    return value


def _output_names(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Names of the user outputs: keys where the model returns a mapping, else "output" with its position."""
    if len(paths) == 1 and all(key.isdigit() for key in paths[0]):
        return ["output"]
    return ["output_" + "_".join(path) if path[0].isdigit() else "_".join(path) for path in paths]
