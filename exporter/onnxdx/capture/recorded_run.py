"""The last way to a graph: one run of the model as it is, with every operator that it calls written down.

It works whenever the model does, whatever stands between the operators: what other libraries compute becomes a
constant, what Python decides is decided by the sample inputs, and sizes are numbers.
"""

from __future__ import annotations

import contextlib
import inspect
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram
from torch.export.graph_signature import (
    ConstantArgument,
    InputKind,
    InputSpec,
    OutputKind,
    OutputSpec,
    TensorArgument,
)
from torch.overrides import TorchFunctionMode

from onnxdx.compat.capturing import stack_texts
from onnxdx.compat.pytree import leaves_of
from onnxdx.compat.pytree_types import known_types
from onnxdx.compat.torch_operators import HigherOrderOperator, OpOverload
from onnxdx.compat.traced_runs import is_traced, program_of_run, traced_run, with_fake_values
from onnxdx.eager import plain_run
from onnxdx.request import ExportRequest
from onnxdx.user_code.recording import StackRecorder
from onnxdx.user_code.stacks import Spot


@dataclass(frozen=True)
class Need:
    """A line that asks for the values of a tensor: with `reads` for its memory, else for its truth or a number."""

    spots: tuple[Spot, ...]
    module: str
    reads: bool


@dataclass(frozen=True)
class RecordedRun:
    """A run of the model as a program, where it asked for values, and which types torch does not know it returned."""

    exported: ExportedProgram
    needs: tuple[Need, ...]
    outputs: tuple[type, ...]


def record(request: ExportRequest, recorder: StackRecorder, is_told: Callable[[], bool]) -> RecordedRun:
    """Run the model and record it. Raises what the model raises, and what torch does that cannot trace it.

    `is_told` says where a need for values is a consequence of something that is told elsewhere. The model, its inputs
    and the random generator are as before.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(plain_run.unchanged(request.model))
        stack.enter_context(plain_run.values_kept(request.model, request.args, request.kwargs))
        stack.enter_context(stack_texts(recorder.text, _modules_of(request.model, recorder)))
        know = stack.enter_context(known_types())
        know((request.args, dict(request.kwargs)))
        run = _Run(request, recorder)
        needs = stack.enter_context(_Needs(recorder, is_told))
        scripted = any(isinstance(module, torch.jit.ScriptModule) for module in request.model.modules())
        module = traced_run(lambda: _leaves(run, know), [tensor for _, tensor in run.inputs], exporting=not scripted)
        return RecordedRun(_program(run, module), tuple(needs.found), tuple(run.unknown))


def call_model(request: ExportRequest) -> Any:
    """What the model returns; the frame of this call is where the stacks of the user's code begin."""
    return request.model(*request.args, **request.kwargs)


@dataclass
class _Run:
    """A run of the model: `inputs` are the tensors that it starts from, each once, `output` is what it returned."""

    request: ExportRequest
    recorder: StackRecorder
    output: Any = None
    unknown: list[type] = field(default_factory=list)
    inputs: list[tuple[InputSpec, torch.Tensor]] = field(init=False)

    def __post_init__(self) -> None:
        """Collect the tensors."""
        self.inputs = list(_inputs(self.request))


def _leaves(run: _Run, know: Any) -> list[Any]:
    """The leaves of what the model returns; None for those that are no tensor."""
    run.output = call_model(run.request)
    run.unknown = know(run.output)
    return [leaf if isinstance(leaf, torch.Tensor) else None for leaf in leaves_of(run.output)]


def _inputs(request: ExportRequest) -> Iterator[tuple[InputSpec, torch.Tensor]]:
    """Parameters, buffers and input tensors, each with its place in the signature."""
    model = request.model
    taken: set[int] = set()
    fleeting = {
        f"{path}.{name}" if path else name
        for path, module in model.named_modules()
        for name in module._non_persistent_buffers_set
    }
    named = [(InputKind.PARAMETER, "p", model.named_parameters()), (InputKind.BUFFER, "b", model.named_buffers())]
    for kind, letter, tensors in named:
        for name, tensor in tensors:
            if id(tensor) in taken:
                continue
            taken.add(id(tensor))
            persistent = name not in fleeting if kind is InputKind.BUFFER else None
            argument = TensorArgument(name=f"{letter}_{_identifier(name)}")
            yield InputSpec(kind, argument, name, persistent), tensor
    leaves = leaves_of((request.args, dict(request.kwargs)))
    for position, leaf in enumerate(leaves):
        if isinstance(leaf, torch.Tensor) and id(leaf) not in taken:
            taken.add(id(leaf))
            yield InputSpec(InputKind.USER_INPUT, TensorArgument(name=f"input_{position}"), None), leaf


def _program(run: _Run, module: fx.GraphModule) -> ExportedProgram:
    graph = module.graph
    _without_marks(graph)
    with_fake_values(module)
    specs, placeholders = _named_inputs(run, graph)
    constants = _constants(module, specs, placeholders)
    specs = _in_order(run, graph, specs, placeholders)
    outputs = _outputs(run, graph)
    model, request = run.request.model, run.request
    state = model.state_dict()
    held = {spec.target: tensor for spec, tensor in run.inputs if spec.target}
    kept = {name: held[name] for name in held if name in state}
    constants |= {name: tensor for name, tensor in held.items() if name not in state}
    parameters = list(inspect.signature(model.forward).parameters)
    inputs = (tuple(request.args), dict(request.kwargs))
    return program_of_run(module, specs, outputs, kept, constants, inputs, run.output, parameters)


def _without_marks(graph: fx.Graph) -> None:
    """Take out what only marks the run (gradients, autocast) and what hands a tensor through."""
    for node in reversed(graph.nodes):
        if node.op != "call_function":
            continue
        if node.target in _SAME and not _is_complex(node):
            node.replace_all_uses_with(node.args[0])
        known = isinstance(node.target, (OpOverload, HigherOrderOperator))
        value = node.meta.get("val")
        marks = not known and node.target is not operator.getitem
        if not node.users and (marks or node.target in _SAME or (known and not isinstance(value, _KEPT))):
            graph.erase_node(node)


def _is_complex(node: fx.Node) -> bool:
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) and value.is_complex()


def _named_inputs(run: _Run, graph: fx.Graph) -> tuple[list[InputSpec], list[fx.Node]]:
    placeholders = [node for node in graph.nodes if node.op == "placeholder"]
    specs = [spec for spec, _ in run.inputs]
    for spec, node in zip(specs, placeholders, strict=True):
        node.name = node.target = spec.arg.name
        node.meta.pop("stack_trace", None)
    return specs, placeholders


def _constants(module: fx.GraphModule, specs: list[InputSpec], placeholders: list[fx.Node]) -> dict[str, torch.Tensor]:
    """Make inputs of the tensors that came from elsewhere, after the state of the model, and add them to both lists."""
    found: dict[str, fx.Node] = {}
    tensors: dict[str, torch.Tensor] = {}
    for node in list(module.graph.nodes):
        value = getattr(module, str(node.target), None) if node.op == "get_attr" else None
        if not isinstance(value, torch.Tensor):
            continue
        name = f"c_{_identifier(str(node.target))}"
        if name not in found:
            place = next((index for index, spec in enumerate(specs) if not spec.target), len(specs))
            with module.graph.inserting_before(_nth(module.graph, placeholders, place)):
                found[name] = module.graph.placeholder(name)
            found[name].name = name
            found[name].meta = {"val": node.meta["val"]}
            target = str(node.target)
            specs.insert(place, InputSpec(InputKind.CONSTANT_TENSOR, TensorArgument(name=name), target))
            placeholders.insert(place, found[name])
            tensors[target] = value.detach()
        node.replace_all_uses_with(found[name])
        module.graph.erase_node(node)
    return tensors


def _in_order(run: _Run, graph: fx.Graph, specs: list[InputSpec], placeholders: list[fx.Node]) -> list[InputSpec]:
    """The specs with one for every leaf of the inputs, also those that are no tensor or were there before."""
    users = {spec.arg.name: spec for spec in specs if spec.kind is InputKind.USER_INPUT}
    ordered = [spec for spec in specs if spec.kind is not InputKind.USER_INPUT]
    nodes = {node.name: node for node in placeholders}
    after = next(node for node in graph.nodes if node.op != "placeholder")
    for position, leaf in enumerate(leaves_of((run.request.args, dict(run.request.kwargs)))):
        name = f"input_{position}"
        if name in users:
            after.prepend(nodes[name])
            ordered.append(users[name])
            continue
        with graph.inserting_before(after):
            node = graph.placeholder(name)
        node.name = name
        tensor = isinstance(leaf, torch.Tensor)
        twin = next((spec.arg.name for spec, known in run.inputs if known is leaf), "") if tensor else ""
        node.meta = {"val": nodes[twin].meta["val"] if twin else leaf}
        argument = TensorArgument(name=name) if tensor else ConstantArgument(name=name, value=leaf)
        ordered.append(InputSpec(InputKind.USER_INPUT, argument, None))
    return ordered


def _outputs(run: _Run, graph: fx.Graph) -> list[OutputSpec]:
    """The graph returns every leaf of the output; the specs say which are tensors."""
    (output,) = (node for node in graph.nodes if node.op == "output")
    leaves = leaves_of(run.output)
    returned = list(output.args[0]) if isinstance(output.args[0], (list, tuple)) else [output.args[0]]
    values = [node if isinstance(node, fx.Node) else leaf for node, leaf in zip(returned, leaves, strict=True)]
    output.args = (tuple(value if isinstance(value, (fx.Node, *_PLAIN)) else None for value in values),)
    return [
        OutputSpec(
            OutputKind.USER_OUTPUT,
            TensorArgument(name=value.name) if isinstance(value, fx.Node) else ConstantArgument(name="", value=None),
            None,
        )
        for value in values
    ]


def _nth(graph: fx.Graph, placeholders: list[fx.Node], place: int) -> fx.Node:
    if place < len(placeholders):
        return placeholders[place]
    first: fx.Node = next(node for node in graph.nodes if node.op != "placeholder")
    return first


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _modules_of(model: torch.nn.Module, recorder: StackRecorder) -> Any:
    """Makes what torch keeps of each node: the modules around it, outermost first, as path and class."""
    classes = {path: type(module) for path, module in model.named_modules()}
    known: dict[str, dict[str, tuple[str, str]]] = {}

    def stack() -> dict[str, tuple[str, str]]:
        path = recorder.module()
        if path not in known:
            parts = path.split(".") if path else []
            prefixes = [".".join(parts[:count]) for count in range(len(parts) + 1)]
            known[path] = {
                prefix: (prefix, f"{classes[prefix].__module__}.{classes[prefix].__qualname__}")
                for prefix in prefixes
                if prefix in classes
            }
        return dict(known[path])

    return stack


class _Needs(TorchFunctionMode):
    """Notes where a run asks for the values of a tensor in a way that no capture can follow."""

    def __init__(self, recorder: StackRecorder, is_told: Callable[[], bool]) -> None:
        super().__init__()
        self.recorder, self.is_told = recorder, is_told
        self.found: list[Need] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if (func in _READS or func in _DECIDES) and is_traced(args[0]) and not self.is_told():
            self.found.append(Need(self.recorder.spots(), self.recorder.module(), func in _READS))
        return func(*args, **(kwargs or {}))


_Tensor = torch.Tensor
_READS = frozenset({_Tensor.numpy, _Tensor.__array__, _Tensor.data_ptr, _Tensor.untyped_storage, _Tensor.__dlpack__})
_DECIDES = frozenset({_Tensor.__bool__, _Tensor.__int__, _Tensor.__index__, _Tensor.__float__, _Tensor.__complex__})
_SAME = (torch.ops.aten.resolve_conj.default, torch.ops.aten.resolve_neg.default)
_KEPT = (torch.Tensor, list, tuple)
_PLAIN = (bool, int, float, complex, str, type(None))
