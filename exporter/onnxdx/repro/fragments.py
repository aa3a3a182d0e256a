"""Fragments of a captured graph, as the source of a small module: an operator, and as much before it as is needed."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx
from torch.export import ExportedProgram

from onnxdx.compat.pytree import map_leaves
from onnxdx.compat.torch_operators import OpOverload, is_builtin
from onnxdx.repro.literals import NoSource, literal, tensor

_MOST_NODES = 400


@dataclass(frozen=True)
class Fragment:
    """Nodes of a captured graph, in order; `inputs` are the nodes before them that they read, `result` the last."""

    nodes: tuple[fx.Node, ...]
    inputs: tuple[fx.Node, ...]
    result: fx.Node

    @property
    def custom_operators(self) -> tuple[OpOverload, ...]:
        """The operators that torch does not have itself."""
        found = (node.target for node in self.nodes)
        return tuple({each: None for each in found if isinstance(each, OpOverload) and not is_builtin(each)})


def around(node: fx.Node) -> Iterator[Fragment]:
    """Larger and larger fragments that end in `node`: the operator alone, then with more and more before it."""
    depth, known = 0, 0
    while True:
        inside = _inside(node, depth)
        if len(inside) > _MOST_NODES or (depth and len(inside) == known):
            return
        known = len(inside)
        yield fragment(node, inside)
        depth = depth * 2 or 1


def fragment(result: fx.Node, inside: set[fx.Node]) -> Fragment:
    """The fragment of these nodes."""
    nodes = tuple(node for node in result.graph.nodes if node in inside)
    inputs = dict.fromkeys(argument for node in nodes for argument in node.all_input_nodes if argument not in inside)
    return Fragment(nodes, tuple(inputs), result)


def _inside(node: fx.Node, depth: int) -> set[fx.Node]:
    inside = {node}
    edge = [node]
    for _ in range(depth):
        edge = [argument for each in edge for argument in each.all_input_nodes if _is_computed(argument)]
        inside.update(edge)
    return _closed(inside)


def _closed(inside: set[fx.Node]) -> set[fx.Node]:
    """With the producers of what no module takes as an input: sizes, lists of tensors, and in-place writes between."""
    todo = list(inside)
    while todo:
        for argument in todo.pop().all_input_nodes:
            if argument not in inside and _is_computed(argument) and not _is_tensor(argument):
                inside.add(argument)
                todo.append(argument)
    return inside


def _is_computed(node: fx.Node) -> bool:
    return node.op == "call_function"


def _is_tensor(node: fx.Node) -> bool:
    return isinstance(node.meta.get("val"), torch.Tensor)


def values(exported: ExportedProgram, flat: Sequence[Any], wanted: set[fx.Node]) -> Mapping[fx.Node, Any]:
    """What torch computes for the `wanted` nodes of a captured graph, as far as it runs."""
    run = _Run(exported, wanted)
    users = iter(map_leaves(_copied, list(flat)))
    inputs = [
        next(users)
        if spec.kind.name == "USER_INPUT"
        else _copied(exported.state_dict.get(spec.target or "", exported.constants.get(spec.target or "")))
        for spec in exported.graph_signature.input_specs
    ]
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        try:
            run.run(*inputs)
        except Exception:  # foreign operators: what is known until then is what there is
            return run.kept
    return run.kept


class _Run(fx.Interpreter):
    def __init__(self, exported: ExportedProgram, wanted: set[fx.Node]) -> None:
        super().__init__(exported.graph_module, graph=exported.graph)
        self._wanted = wanted
        self.kept: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        if self._wanted <= self.kept.keys() or n.op == "output":
            return None
        result = super().run_node(n)
        if n in self._wanted:
            self.kept[n] = _copied(result)
        return result


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


@dataclass(frozen=True)
class Written:
    """A fragment as source: a module named `Repro`, and what makes its inputs.

    `inputs` are expressions by the names of the parameters of `forward`, `state` those of buffers, and `dynamic` says
    which dims of which inputs vary, under which name ("" for one that depends on others).
    """

    module: str
    inputs: Mapping[str, str]
    dynamic: Mapping[str, Mapping[int, str]]


def written(
    part: Fragment, exported: ExportedProgram, known: Mapping[fx.Node, Any], dims: Mapping[str, str]
) -> Written:
    """A fragment as source. `known` are the values of its inputs, `dims` the user's names of torch's symbols.

    Raises NoSource.
    """
    specs = {spec.arg.name: spec for spec in exported.graph_signature.input_specs}
    state: dict[str, str] = {}
    inputs: dict[str, str] = {}
    dynamic: dict[str, Mapping[int, str]] = {}
    names: dict[fx.Node, str] = {}
    for node in part.inputs:
        if node.op == "get_attr" or node not in known:
            raise NoSource(f"what `{node.name}` holds")
        value = known[node]
        if not isinstance(value, torch.Tensor):
            names[node] = literal(value)
            continue
        spec = specs.get(node.name)
        if spec is not None and spec.kind.name != "USER_INPUT":
            name = str(spec.target or node.name).replace(".", "_")
            state[name], names[node] = tensor(value), f"self.{name}"
            continue
        names[node] = node.name
        inputs[node.name] = tensor(value)
        dynamic[node.name] = _dynamic(node, dims)
    names.update({node: node.name for node in part.nodes})
    rows = {node.name: _call(node, names) for node in part.nodes}
    return Written(_module(inputs, state, rows, part.result.name), inputs, {k: v for k, v in dynamic.items() if v})


def _dynamic(node: fx.Node, dims: Mapping[str, str]) -> Mapping[int, str]:
    sizes = enumerate(node.meta["val"].shape)
    return {axis: dims.get(str(size), "") for axis, size in sizes if isinstance(size, torch.SymInt)}


def _module(inputs: Mapping[str, str], state: Mapping[str, str], rows: Mapping[str, str], result: str) -> str:
    lines = ["class Repro(torch.nn.Module):"]
    if state:
        lines += ["    def __init__(self):", "        super().__init__()"]
        lines += [f'        self.register_buffer("{name}", {value})' for name, value in state.items()]
        lines += [""]
    lines += [f"    def forward({', '.join(['self', *inputs])}):"]
    lines += [f"        {name} = {call}" for name, call in rows.items() if name != result]
    return "\n".join([*lines, f"        return {rows[result]}"])


def _call(node: fx.Node, names: Mapping[fx.Node, str]) -> str:
    if not _is_computed(node):
        raise NoSource(f"a node `{node.op}`")
    if node.target is operator.getitem:
        source, index = node.args
        return f"{_argument(source, names)}[{_argument(index, names)}]"
    given = [_argument(argument, names) for argument in node.args]
    given += [f"{name}={_argument(argument, names)}" for name, argument in node.kwargs.items()]
    return f"{_function(node.target)}({', '.join(given)})"


def _function(target: Any) -> str:
    if isinstance(target, OpOverload):
        return f"torch.ops.{target}"
    module, name = getattr(target, "__module__", ""), getattr(target, "__name__", "")
    if module in ("_operator", "operator"):
        return f"operator.{name}"
    if getattr(math, name, None) is target:
        return f"math.{name}"
    if getattr(torch, name, None) is target:
        return f"torch.{name}"
    raise NoSource(f"a call of `{name or target}`")


def _argument(value: Any, names: Mapping[fx.Node, str]) -> str:
    if isinstance(value, fx.Node):
        return names[value]
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_argument(item, names) for item in value)}]"
    if isinstance(value, slice):
        parts = (_argument(part, names) for part in (value.start, value.stop, value.step))
        return f"slice({', '.join(parts)})"
    return literal(value)


def shapes_of(part: Written) -> str:
    """`dynamic_shapes` as source; empty when no dim varies. A size that depends on others is left to torch."""
    if not part.dynamic:
        return ""
    entries = []
    for name in part.inputs:
        dims = part.dynamic.get(name, {})
        axes = ", ".join(f"{axis}: {json.dumps(dim) if dim else 'torch.export.Dim.AUTO'}" for axis, dim in dims.items())
        entries.append(f'"{name}": {{{axes}}}' if axes else f'"{name}": None')
    return f"{{{', '.join(entries)}}}"
