"""`torch.cond` and its kin: their calls while torch captures, and what they have against their functions."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch

# What they raise of a function that dynamo cannot capture; it quotes the graph break (2.9 - 2.14).
from torch._dynamo.exc import UncapturedHigherOrderOpError

from onnxdx.compat.patching import replaced
from onnxdx.compat.torch_errors import EXPLANATION
from onnxdx.compat.torch_operators import HigherOrderOperator, name_of

__all__ = ["control_flow_called", "control_flow_calls", "control_flow_named", "control_flow_of", "control_flow_problem"]


@contextlib.contextmanager
def control_flow_calls(run: Callable[[str, Callable[[], Any], tuple[Any, ...]], Any]) -> Iterator[None]:
    """While open, `run(name, call, operands)` makes the calls of `torch.cond` and its kin: `call()` is torch's own.

    All of them compile a wrapper of themselves by `torch.compile`, looked up when they are called (2.9 - 2.14). The
    graphs of branches keep the user's lines where the metadata of nodes is kept (`torch.fx.traceback`).
    """
    compile_ = torch.compile

    def compiled(model: Any = None, **options: Any) -> Any:
        ready: Any = compile_(model, **options)
        name = control_flow_named(getattr(model, "__module__", ""))
        if not name:
            return ready

        def call(*operands: Any, **kwargs: Any) -> Any:
            def torchs_own() -> Any:
                with torch.fx.traceback.preserve_node_meta():
                    return ready(*operands, **kwargs)

            return run(name, torchs_own, operands)

        return call

    with replaced(torch, "compile", compiled):
        yield


def control_flow_named(module: str) -> str:
    """The public name of the control flow that a module of torch implements; empty for other modules."""
    return _CONTROL_FLOW.get(module.rpartition("torch._higher_order_ops.")[2], "")


_CONTROL_FLOW = {
    "cond": "torch.cond",
    "while_loop": "while_loop",
    "scan": "scan",
    "map": "map",
    "associative_scan": "associative_scan",
}


def control_flow_called(target: object) -> str:
    """The public name of the control flow that a node calls; empty for any other (`map_impl`, 2.9 - 2.14)."""
    name = name_of(target).removesuffix("_impl") if isinstance(target, HigherOrderOperator) else ""
    return _CONTROL_FLOW.get(name, "")


def control_flow_of(error: BaseException) -> str:
    """The control flow operator that an error comes out of, by the traceback; empty for any other error."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        name = control_flow_named(trace.tb_frame.f_globals.get("__name__", ""))
        found = name or found
        trace = trace.tb_next
    return found


def control_flow_problem(error: BaseException) -> str:
    """What `torch.cond` and its kin have against the functions and operands they are given; empty for other errors.

    `UncapturedHigherOrderOpError` quotes the graph break of dynamo; all else is text of KeyError, AssertionError and
    RuntimeError that come out of the operator's own module (2.9 - 2.14).
    """
    text = str(error)
    uncaptured = isinstance(error, UncapturedHigherOrderOpError)
    merging = text.startswith("When merging two branches")
    if not uncaptured and not merging and not _raised_by_control_flow(error):
        return ""
    if any(kind in text for kind in _BRANCHES_OF_DATA) or text.startswith("Dynamo failed"):
        return ""
    differs = re.search(r"pair\[(\d+)\] differ in '(\w+)", text)
    if differs is not None:
        return f"result {differs[1]} of its function has another {differs[2]} than what is carried"
    merged = re.search(r"expected same (\w+) but got (\S+) and (\S+?)\.?(?:\n|$)", text)
    if merged is not None:
        what = "number of dimensions" if merged[1] == "dim" else merged[1]
        return f"its branches return tensors of different {what}, {merged[2]} and {merged[3]}"
    known = next((problem for word, problem in _PROBLEMS.items() if word in text), "")
    if known:
        return known
    if isinstance(error, KeyError):
        return "its branches return tensors of different shapes"
    explained = EXPLANATION.search(text)
    if uncaptured and explained is None:
        return ""
    said = " ".join(explained[1].split()) if explained is not None else text.partition("\n")[0]
    return said.partition(" but got")[0].rstrip(".,").replace("FakeTensor", "Tensor")


def _raised_by_control_flow(error: BaseException) -> bool:
    trace, last = error.__traceback__, ""
    while trace is not None:
        last = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return last.startswith("torch._higher_order_ops")


_BRANCHES_OF_DATA = ("Data-dependent branching", "Data-dependent assertion failed (cannot compile partial graph)")

_PROBLEMS = {
    "do not support aliasing": "a function of it hands back its operand itself, or one tensor twice",
    "do not support input mutation": "a function of it writes into its operand",
    "missing required": "a function of it takes other arguments than its operands",
    "failed to bind arguments": "a function of it takes other arguments than its operands",
    "Encountered aliasing": "a function of it hands back its operand itself, or one tensor twice",
    "Encountered input mutation": "a function of it writes into its operand",
    "same pytree structure": "its branches return different structures",
    "same number of outputs": "its function returns another number of results than it carries",
    "Expected pred to be": "the decision is no bool and no tensor of one element",
    "Expect operands to be": "its operands are not a tuple of tensors",
    "can only be of": "its operands are not tensors and integers only",
}
