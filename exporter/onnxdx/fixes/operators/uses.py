"""The uses of an operator in a model: which arguments it is called with, and with which values in the user's inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from onnxdx.compat.pytree import flat_inputs
from onnxdx.compat.torch_operators import OpOverload, name_of, schema
from onnxdx.graph.operators import called
from onnxdx.registry import overload_named
from onnxdx.request import ExportOptions
from onnxdx.user_functions.operator_signatures import WITHOUT_MEANING
from onnxdx.values import OnnxDraft
from onnxdx.verification.reference import recorded
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx203_decomposition_dead_end import DecompositionDeadEnd


@dataclass(frozen=True)
class Arguments:
    """Arguments of an operator by name, those that were not given at their defaults."""

    target: OpOverload
    values: Mapping[str, Any]

    def leaves(self) -> list[tuple[str, Any]]:
        """Every value by the Python expression that reads it: `x`, `shifts[0]`."""
        return [leaf for name, value in self.values.items() for leaf in _leaves(name, value)]

    def with_leaves(self, leaves: Sequence[Any]) -> Arguments:
        """The same arguments with other values, in the order of `leaves()`."""
        supply = iter(leaves)
        return Arguments(self.target, {name: _refilled(value, supply) for name, value in self.values.items()})

    def call(self, body: Callable[..., Any]) -> Any:
        """What `body` gives for them: by position, as far as the schema allows, then by name."""
        positional = [each.name for each in schema(self.target).arguments if not each.kwarg_only]
        given = []
        for name in positional:
            if name not in self.values:
                break
            given.append(self.values[name])
        rest = {name: value for name, value in self.values.items() if name not in positional[: len(given)]}
        return body(*given, **rest)

    def copied(self) -> Arguments:
        """The same arguments with tensors of their own."""
        return self.with_leaves(
            [value.clone() if isinstance(value, torch.Tensor) else value for _, value in self.leaves()]
        )

    def tensors(self) -> list[torch.Tensor]:
        """The tensors among the leaves."""
        return [value for _, value in self.leaves() if isinstance(value, torch.Tensor)]


@dataclass(frozen=True)
class Use:
    """One call of an operator in a model.

    `arguments` hold the tensors of the user's inputs where `real`, else tensors of their kind with made-up values.
    `open_sizes` are the dims, as `x.shape[0]`, that the model leaves open, `computed` the numbers that it computes.
    """

    node: fx.Node
    arguments: Arguments
    real: bool
    open_sizes: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Operator:
    """An operator that has no ONNX function for its uses in a model.

    `leaves` are the operators that it decomposes into and that have none either: a function for these would do.
    """

    target: OpOverload
    uses: tuple[Use, ...]
    options: ExportOptions
    leaves: tuple[OpOverload, ...] = ()

    @property
    def computed(self) -> frozenset[str]:
        """The arguments, by name, that are numbers which the model computes at run time."""
        return frozenset(name for use in self.uses for name in use.computed)

    @property
    def name(self) -> str:
        """What a function is registered under: "aten::mode", "mylib::twist"."""
        return registered_name(self.target)


def registered_name(target: OpOverload) -> str:
    """The name of an operator in a registry."""
    return name_of(target).removesuffix(".default")


def operator_of(finding: Finding, draft: OnnxDraft) -> Operator | None:
    """The operator that a finding is about, with its uses; None when it is not about an operator with a schema."""
    program = draft.plan.plan.program
    options = program.captured.request.options
    nodes = [node for _, graph in program.graphs() for node in graph.nodes if node.op == "call_function"]
    named = next(
        (node for node in nodes if node.name == finding.site.fx_node and called(node) == finding.site.op), None
    )
    named = named or next((node for node in nodes if called(node) == finding.site.op), None)
    if named is None or not isinstance(named.target, OpOverload):
        return None
    stuck = _is_stuck(named, draft)
    alike = [node for node in nodes if node.target is named.target and _is_stuck(node, draft) is stuck]
    values = _recorded(draft)
    uses = tuple(_use(node, values) for node in alike)
    return Operator(named.target, uses, options, _leaves_of(finding))


def _leaves_of(finding: Finding) -> tuple[OpOverload, ...]:
    names = finding.leaves if isinstance(finding, DecompositionDeadEnd) else ()
    found = (overload_named("::".join(name.removesuffix(".default").split(".", 1))) for name in names)
    return tuple(each for each in found if each is not None)


def _is_stuck(node: fx.Node, draft: OnnxDraft) -> bool:
    return node not in draft.plan.plan.placements


_SECONDS = 30.0
"""How long the model may run to find the values that an operator has in it; what comes later is made up."""


def _recorded(draft: OnnxDraft) -> Mapping[fx.Node, Any]:
    captured = draft.captured
    try:
        flat = flat_inputs(captured.exported, tuple(captured.request.args), captured.request.kwargs)
    except ValueError:  # a stand-in may have been captured on inputs of another structure
        return {}
    return recorded(draft, flat, time.perf_counter() + _SECONDS)


def _use(node: fx.Node, values: Mapping[fx.Node, Any]) -> Use:
    assert isinstance(node.target, OpOverload)
    real = all(argument in values for argument in node.all_input_nodes)
    arguments: dict[str, Any] = {}
    open_sizes: set[str] = set()
    computed: set[str] = set()
    position = 0
    for argument in schema(node.target).arguments:
        if not argument.kwarg_only and position < len(node.args):
            given = node.args[position]
            position += 1
        elif argument.name in node.kwargs:
            given = node.kwargs[argument.name]
        elif argument.has_default_value():
            given = argument.default_value
        else:
            given = None
        if argument.name in WITHOUT_MEANING:
            continue
        open_sizes.update(_open_sizes(argument.name, given))
        if any(_is_computed(leaf) for _, leaf in _leaves(argument.name, given)):
            computed.add(argument.name)
        arguments[argument.name] = fx.node.map_arg(
            given, lambda each: values[each] if real else made_up(each.meta["val"])
        )
    return Use(node, Arguments(node.target, _plain(arguments)), real, frozenset(open_sizes), frozenset(computed))


def _is_computed(leaf: Any) -> bool:
    return isinstance(leaf, fx.Node) and isinstance(leaf.meta.get("val"), (torch.SymInt, torch.SymFloat))


def _open_sizes(name: str, given: Any) -> Iterator[str]:
    for path, leaf in _leaves(name, given):
        value = leaf.meta.get("val") if isinstance(leaf, fx.Node) else None
        for axis, size in enumerate(value.shape if isinstance(value, torch.Tensor) else ()):
            if isinstance(size, torch.SymInt):
                yield f"{path}.shape[{axis}]"


def made_up(value: Any) -> Any:
    """A value of the kind of a captured one; the same kind always gives the same."""
    if isinstance(value, torch.SymInt):
        return value.node.hint or 2
    if isinstance(value, torch.SymFloat):
        return 0.5
    if not isinstance(value, torch.Tensor):
        return value
    shape = [size if isinstance(size, int) else size.node.hint or 2 for size in value.shape]
    generator = torch.Generator().manual_seed(0)
    if value.dtype.is_floating_point or value.dtype.is_complex:
        return torch.randn(shape, generator=generator, dtype=torch.complex64 if value.dtype.is_complex else None).to(
            value.dtype
        )
    return torch.randint(0, 2, shape, generator=generator).to(value.dtype)


def _plain(value: Any) -> Any:
    """Containers of torch.fx as Python's own."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.detach() if isinstance(value, torch.Tensor) else value


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _leaves(f"{name}[{index}]", item)
        return
    yield name, value


def _refilled(value: Any, supply: Iterator[Any]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_refilled(item, supply) for item in value]
    return next(supply)
