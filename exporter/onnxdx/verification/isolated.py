"""Each operator of an ONNX model by itself: run on torch's own inputs, and held against torch's own result.

The model is cut at every value that stands for a node of the captured graph: who uses the value is given torch's, and
what the model computes for it becomes an output. One session then runs all operators, none of which suffers from what
another one does wrong, and what a placeholder should have computed is torch's word. So every fault is found at once,
and none twice.
"""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir
import torch
from onnx_ir.passes import common
from torch import fx

from onnxdx.errors import first_line
from onnxdx.graph.operators import draws
from onnxdx.values import PROVENANCE_KEY, UNSUPPORTED, OnnxDraft
from onnxdx.verification.comparison import Comparison, compare
from onnxdx.verification.reference import recorded
from onnxdx.verification.runtime import Refusal, Session, refused_nodes

SECONDS = 20.0
"""How long a failing export may take to look for further faults, at most."""

_MOST_FAILURES = 20
"""How often a model that fails in ONNX Runtime is run again without the operator that failed."""


@dataclass(frozen=True)
class Differs:
    """An operator whose result is not torch's. `tie` says that it is another order of equal values."""

    node: fx.Node
    comparison: Comparison
    tie: bool = False


@dataclass(frozen=True)
class Fails:
    """An ONNX node that ONNX Runtime fails on while it runs it."""

    onnx_node: ir.Node
    reason: str


Fault = Refusal | Fails | Differs


def faults(draft: OnnxDraft, flat: Sequence[Any], seconds: float = SECONDS) -> Iterator[Fault]:
    """Every fault of the draft that ONNX Runtime shows on these inputs, each operator by itself.

    Operators that are faulty already (`draft.faulty`), placeholders and what draws random numbers are left out.
    """
    deadline = time.perf_counter() + seconds
    check = _Check(draft, flat, recorded(draft, flat, deadline))
    if check.known:
        yield from check.faults(deadline)


@dataclass
class _Check:
    draft: OnnxDraft
    flat: Sequence[Any]
    known: Mapping[fx.Node, Any]
    left_out: set[str] = field(default_factory=set)

    def faults(self, deadline: float) -> Iterator[Fault]:
        options = self.draft.captured.request.options.session_options
        yield from refused_nodes(self.draft.model, self._beside_placeholders(), options)
        for _ in range(_MOST_FAILURES):
            cut = _cut(self.draft, self.known, self.left_out)
            if not cut.outputs or time.perf_counter() > deadline:
                return
            try:
                session = Session(cut.model, optimize=False, options=options)
            except Exception as error:  # ONNX Runtime has a dozen exception types for a model it refuses
                refused = list(refused_nodes(cut.model, options=options))
                named = [] if refused else [node for node in cut.model.graph if _named(node, str(error))]
                yield from refused
                if not self._leave_out([*(refusal.onnx_node for refusal in refused), *named]):
                    return
                continue
            try:
                results = session.run({**_read_inputs(self.draft.feeds(self.flat), cut.model), **cut.given})
            except Exception as error:  # ONNX Runtime
                failing = [node for node in cut.model.graph if _named(node, str(error))]
                yield from (Fails(node, first_line(error)) for node in failing)
                if not self._leave_out(failing):
                    return
                continue
            yield from self._differing(dict(zip(session.outputs, results, strict=True)), cut)
            return

    def _beside_placeholders(self) -> set[ir.Node]:
        """Nodes in branches and loop bodies that cannot be run, because something else in them is faulty."""
        found: set[ir.Node] = set()
        for node in self.draft.model.graph:
            inner = list(_inside(node))
            sound = [each for each in inner if each.domain != UNSUPPORTED and _identity(each) not in self.draft.faulty]
            if len(sound) < len(inner):
                found.update(sound)
        return found

    def _leave_out(self, nodes: Sequence[ir.Node]) -> bool:
        before = len(self.left_out)
        self.left_out.update(_identity(node) for node in nodes)
        return len(self.left_out) > before

    def _differing(self, results: Mapping[str, torch.Tensor], cut: _Cut) -> Iterator[Fault]:
        found: dict[fx.Node, Differs] = {}
        left = (value.name or "" for node in self.draft.model.graph for value in node.outputs)
        visible = {self.draft.results[name][0] for name in left if name in self.draft.results}
        for name, (node, index) in cut.outputs.items():
            comparison = compare(results[name], _tensor(_part(self.known[node], index)), self._precision(node))
            if comparison.agrees or node in found or self._shaky(node, index, results[name]):
                continue
            blamed = self._swallowed(node, visible) or node
            found[blamed] = Differs(blamed, comparison, self._tie(node, index, results[name]))
        order = {node: position for position, node in enumerate(self.draft.plan.plan.program.graph.nodes)}
        yield from sorted(found.values(), key=lambda each: order[each.node])

    def _swallowed(self, node: fx.Node, visible: Set[fx.Node]) -> fx.Node | None:
        """The argument of a node that the user's function made nothing of but what it was given, or a constant."""
        arguments = [argument for argument in node.all_input_nodes if argument not in visible]
        return next((argument for argument in arguments if self.draft.function_of(argument)), None)

    def _precision(self, node: fx.Node) -> torch.dtype:
        """The coarsest floating-point type that the operator takes or gives."""
        values: list[Any] = [node.meta.get("val"), *(argument.meta.get("val") for argument in node.all_input_nodes)]
        floats = {value.dtype.to_real() for value in values if _is_float(value)}
        return max(floats, key=lambda dtype: torch.finfo(dtype).eps, default=torch.float64)

    def _shaky(self, node: fx.Node, index: int | None, got: torch.Tensor) -> bool:
        """Whether torch's own result moves as far when its inputs move by a rounding error."""
        wanted = _tensor(_part(self.known[node], index))
        if not _is_float(wanted) or got.shape != _real(wanted).shape or got.dtype != _real(wanted).dtype:
            return False
        try:
            moved = [_real(_tensor(_part(result, index))) for result in self._moved(node)]
        except Exception:  # an operator that takes only the values it was given
            return False
        want, off = _real(wanted).double(), (got.double() - _real(wanted).double()).abs()
        drift = torch.stack([(result.double() - want).abs() for result in moved]).amax(0)
        agrees = (off <= 4 * drift) | (off == 0) | (got.isnan() & want.isnan())
        close = compare(torch.where(agrees, want, got.double()), want, self._precision(node))
        return bool(agrees.any()) and close.agrees

    def _moved(self, node: fx.Node) -> list[Any]:
        def nudged(value: Any, sign: int) -> Any:
            if not _is_float(value):
                return value
            noise = torch.linspace(-1, 1, max(value.numel(), 1), dtype=torch.float64)[: value.numel()].reshape(
                value.shape
            )
            step = torch.finfo(value.dtype.to_real()).eps * (sign if value.numel() == 1 else sign * noise)
            return (value * (1 + 2 * step)).to(value.dtype)

        moved = []
        target: Any = node.target
        for sign in (1, -1):
            values = {argument: nudged(self.known[argument], sign) for argument in node.all_input_nodes}
            args, kwargs = fx.node.map_arg((node.args, node.kwargs), values.__getitem__)
            with torch.no_grad():
                moved.append(target(*args, **kwargs))
        return moved

    def _tie(self, node: fx.Node, index: int | None, got: torch.Tensor) -> bool:
        """Whether the operator gives positions, and ONNX Runtime's are of values that equal torch's."""
        wanted = _part(self.known[node], index)
        if not isinstance(wanted, torch.Tensor) or wanted.dtype is not torch.int64 or got.shape != wanted.shape:
            return False
        name = str(getattr(getattr(node.target, "overloadpacket", None), "__name__", ""))
        source = self.known.get(node.args[0]) if node.args and isinstance(node.args[0], fx.Node) else None
        if name not in _ORDERED or not isinstance(source, torch.Tensor):
            return False
        try:
            return _same_values(source, wanted, got)
        except (RuntimeError, IndexError):
            return False


_ORDERED = frozenset(
    {
        "topk", "sort", "argsort", "msort", "max", "min", "argmax", "argmin", "kthvalue", "median", "nanmedian", "mode",
        "cummax", "cummin", "aminmax",
    }
)  # fmt: skip
"""Operators that give positions in their first argument; of equal values torch may give any."""


def _same_values(source: torch.Tensor, wanted: torch.Tensor, got: torch.Tensor) -> bool:
    """Whether both index tensors pick the same values along some one dimension (or of the flattened tensor)."""
    if source.dim() == wanted.dim():
        dims = [dim for dim in range(source.dim()) if _fits(source, wanted, dim)]
        return any(torch.equal(source.gather(dim, wanted), source.gather(dim, got)) for dim in dims)
    if wanted.dim() == 0:
        return torch.equal(source.flatten()[wanted], source.flatten()[got])
    shapes = [dim for dim in range(source.dim()) if (*source.shape[:dim], *source.shape[dim + 1 :]) == wanted.shape]
    return any(
        torch.equal(source.gather(dim, wanted.unsqueeze(dim)), source.gather(dim, got.unsqueeze(dim))) for dim in shapes
    )


def _fits(source: torch.Tensor, index: torch.Tensor, dim: int) -> bool:
    return all(a == b for axis, (a, b) in enumerate(zip(source.shape, index.shape, strict=True)) if axis != dim)


@dataclass(frozen=True)
class _Cut:
    """A model cut at the results of captured nodes: `given` are torch's, `outputs` what ONNX Runtime is to compute."""

    model: ir.Model
    given: Mapping[str, torch.Tensor]
    outputs: Mapping[str, tuple[fx.Node, int | None]]


def _cut(draft: OnnxDraft, known: Mapping[fx.Node, Any], left_out: set[str]) -> _Cut:
    model = draft.model.clone()
    graph = model.graph
    graph.outputs.clear()
    given: dict[str, torch.Tensor] = {}
    outputs: dict[str, tuple[fx.Node, int | None]] = {}
    out = draft.faulty | left_out
    broken = _broken_functions(model, out)
    lost: set[ir.Value] = set()
    for node in list(graph):
        inner = [node, *_inside(node)]
        faulty = any(each.domain == UNSUPPORTED or _identity(each) in out for each in inner)
        stands = faulty or any(each.op_identifier() in broken for each in inner)
        stands = stands or any(value in lost for each in inner for value in each.inputs)
        for value in node.outputs:
            owner = draft.results.get(value.name or "")
            wanted = _result(known, owner)
            if owner is None or wanted is None or isinstance(value.type, ir.SequenceType):
                if stands:
                    lost.add(value)
                continue
            substitute = ir.Value(name=f"{value.name}.given", type=value.type, shape=_rank_of(wanted))
            ir.convenience.replace_all_uses_with(value, substitute)
            graph.inputs.append(substitute)
            given[substitute.name or ""] = wanted
            if not stands and not _arbitrary(owner[0]):
                graph.outputs.append(value)
                outputs[value.name or ""] = owner
    common.RemoveUnusedNodesPass()(model)
    common.RemoveUnusedFunctionsPass()(model)
    for value in [value for value in graph.inputs if not value.uses()]:
        graph.inputs.remove(value)
        given.pop(value.name or "", None)
    return _Cut(model, given, outputs)


def _read_inputs(feeds: Mapping[str, Any], model: ir.Model) -> dict[str, Any]:
    """The inputs that are left in the model."""
    left = {value.name for value in model.graph.inputs}
    return {name: value for name, value in feeds.items() if name in left}


def _broken_functions(model: ir.Model, left_out: Set[str]) -> set[ir.OperatorIdentifier]:
    """Functions with a placeholder or a faulty node in them, or in a function that they call."""
    broken: set[ir.OperatorIdentifier] = set()
    while True:
        more = {
            key
            for key, function in model.functions.items()
            if key not in broken
            and any(
                node.domain == UNSUPPORTED or node.op_identifier() in broken or _identity(node) in left_out
                for node in function.all_nodes()
            )
        }
        if not more:
            return broken
        broken |= more


def _inside(node: ir.Node) -> Iterator[ir.Node]:
    """The nodes of the branches and loop bodies of a node."""
    for attribute in node.attributes.values():
        if attribute.type is ir.AttributeType.GRAPH:
            yield from attribute.as_graph().all_nodes()


def _identity(node: ir.Node) -> str:
    return node.metadata_props.get(PROVENANCE_KEY, "")


def _result(known: Mapping[fx.Node, Any], owner: tuple[fx.Node, int | None] | None) -> torch.Tensor | None:
    if owner is None or owner[0] not in known:
        return None
    value = _part(known[owner[0]], owner[1])
    plain = isinstance(value, (bool, int, float)) or (isinstance(value, torch.Tensor) and not value.is_sparse)
    return _tensor(value) if plain else None


def _part(value: Any, index: int | None) -> Any:
    return value if index is None else value[index]


def _tensor(value: Any) -> torch.Tensor:
    return value.detach().cpu() if isinstance(value, torch.Tensor) else torch.tensor(value)


def _real(value: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(value.resolve_conj()) if value.is_complex() else value


def _rank_of(value: torch.Tensor) -> ir.Shape:
    return ir.Shape([None] * _real(value).dim())


def _is_float(value: object) -> bool:
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


def _arbitrary(node: fx.Node) -> bool:
    """Whether the result is not determined by the inputs: random numbers, memory that nobody wrote."""
    if node.target is operator.getitem and isinstance(node.args[0], fx.Node):
        return _arbitrary(node.args[0])
    name = str(getattr(getattr(node.target, "overloadpacket", None), "__name__", ""))
    return draws(node) or name.startswith(("empty", "new_empty"))


def _named(node: ir.Node, text: str) -> bool:
    return bool(node.name) and re.search(rf"(?<![\w./@-]){re.escape(node.name or '')}(?![\w./@-])", text) is not None
