"""The captured graph run by torch, with every result kept: what each operator of the ONNX model is held against."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from onnxdx.compat.fake_tensors import fake_mode_of
from onnxdx.compat.pytree import map_leaves
from onnxdx.compat.torch_operators import OpOverload, is_builtin, is_functorch, schema
from onnxdx.graph.operators import mutates
from onnxdx.memory import Same
from onnxdx.values import OnnxDraft


class Unknown:
    """The result of a node that torch could not run here, and of every node that needs it."""


UNKNOWN = Unknown()

_MOST_BYTES = 4_000_000_000
"""What the kept results may take; those of later nodes are unknown."""

_MOST_KEPT_BYTES = 500_000_000
"""What the results may take that are kept for the next run."""


def recorded(draft: OnnxDraft, flat: Sequence[Any], deadline: float = float("inf")) -> Mapping[fx.Node, Any]:
    """What torch computes for each node of the main graph, on flattened inputs of the model.

    Nodes that raise, or that come after `deadline` (of `time.perf_counter`), are left out, with all that needs them.
    """
    key = ("recorded", Same(draft.plan.plan.program.graph), Same(flat))
    made = draft.captured.memory.once(key, lambda: _recorded(draft, flat, deadline), _Recording.is_worth_keeping)
    return made.values


@dataclass(frozen=True)
class _Recording:
    """What torch computes for the nodes of a graph. `bytes` are those of the results, `late` says that time was up."""

    values: Mapping[fx.Node, Any]
    bytes: int = 0
    late: bool = False

    def is_worth_keeping(self) -> bool:
        """Whether another run can use it, and it is not too large to lie around."""
        return not self.late and self.bytes <= _MOST_KEPT_BYTES


def _recorded(draft: OnnxDraft, flat: Sequence[Any], deadline: float) -> _Recording:
    exported = draft.plan.plan.program.exported
    users = iter(value.detach().clone() if isinstance(value, torch.Tensor) else value for value in flat)
    inputs = [
        next(users)
        if spec.kind.name == "USER_INPUT"
        else exported.state_dict.get(spec.target or "", exported.constants.get(spec.target or ""))
        for spec in exported.graph_signature.input_specs
    ]
    if any(fake_mode_of(value) is not None for value in inputs):
        return _Recording({})
    recorder = _Recorder(draft, deadline)
    if recorder.writes:
        inputs = [value.clone() if isinstance(value, torch.Tensor) else value for value in inputs]
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        recorder.run(*inputs)
    values = {node: value for node, value in recorder.kept.items() if not _unknown(value)}
    return _Recording(values, recorder.bytes, time.perf_counter() > deadline)


class _Recorder(fx.Interpreter):
    """Runs the decomposed graph and keeps every result."""

    def __init__(self, draft: OnnxDraft, deadline: float) -> None:
        program = draft.plan.plan.program
        super().__init__(program.owner, garbage_collect_values=False, graph=program.graph)
        self.constants = program.constants
        self.deadline = deadline
        self.bytes = 0
        self.kept: dict[fx.Node, Any] = {}
        self.writes = any(node.op == "call_function" and mutates(node) for node in program.graph.nodes)

    def run_node(self, n: fx.Node) -> Any:
        if n.op == "output":
            return None
        result = self._result(n)
        # what a later node writes into must not change what this one gave
        self.kept[n] = result.clone() if self.writes and isinstance(result, torch.Tensor) else result
        return result

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an operator; one of the user's gets copies, because it may write where its schema does not say so."""
        if isinstance(target, OpOverload) and not is_builtin(target) and not schema(target).is_mutable:
            args, kwargs = map_leaves(_copied, (args, kwargs))
        return super().call_function(target, args, kwargs)

    def _result(self, n: fx.Node) -> Any:
        if n.op == "get_attr" and n.target in self.constants:
            return self.constants[str(n.target)]
        late = time.perf_counter() > self.deadline or self.bytes > _MOST_BYTES
        if late or is_functorch(n.target) or any(_unknown(self.env[argument]) for argument in n.all_input_nodes):
            return UNKNOWN  # what belongs to a vmap that is still in the graph means nothing outside of it
        try:
            result = super().run_node(n)
        except Exception:  # an operator without a kernel here, or one of the user's: what it gives stays unknown
            return UNKNOWN
        self.bytes += result.nbytes if isinstance(result, torch.Tensor) and not result.is_sparse else 0
        return result


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, torch.Tensor) else value


def _unknown(value: Any) -> bool:
    return isinstance(value, Unknown)
