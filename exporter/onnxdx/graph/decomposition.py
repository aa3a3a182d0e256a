"""What torch decomposes an operator into: the candidates, and one of them traced for one node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.node import map_arg

from onnxdx.compat.fake_tensors import fake_mode_of
from onnxdx.compat.kernels import decompositions
from onnxdx.compat.torch_operators import OpOverload, is_composite
from onnxdx.graph.operators import mutates


def decompositions_of(target: object) -> Iterator[Callable[..., Any]]:
    """What stands for an operator: torch's decomposition in Python, then the C++ body of a composite one."""
    if not isinstance(target, OpOverload):
        return
    if target is torch.ops.aten.copy.default:  # which torch has no decomposition of
        yield _copied
    known = decompositions().get(target)
    if known is not None:
        yield known
    if is_composite(target):
        yield target.decompose


def _copied(self: torch.Tensor, src: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    """`src` with dtype and shape of `self`."""
    return src.to(self.dtype).expand(self.shape).clone()


def arguments_of(node: fx.Node) -> list[fx.Node]:
    """The node's graph arguments, each as often as it is given, in order."""
    found: list[fx.Node] = []
    map_arg((node.args, node.kwargs), found.append)
    return found


def traced(body: Callable[..., Any], node: fx.Node) -> fx.GraphModule:
    """The decomposition of one node as a graph of ATen operators, without mutations."""
    arguments = arguments_of(node)
    values = [argument.meta["val"] for argument in arguments]

    def call(*given: Any) -> Any:
        supply = iter(given)
        args, kwargs = _mutable(map_arg((node.args, node.kwargs), lambda _: next(supply)))
        result = body(*args, **kwargs)
        return tuple(result) if isinstance(result, tuple) else result

    mode = next((found for value in values if (found := fake_mode_of(value))), None)
    if mode is None:
        mode = fake_mode_of(node.meta.get("val"))
    with torch.no_grad(), mode or nullcontext():
        module = make_fx(call)(*values)
        if not any(step.op == "call_function" and mutates(step) for step in module.graph.nodes):
            return module
        return make_fx(torch.func.functionalize(module, remove="mutations"))(*values)


def traced_again(module: fx.GraphModule, node: fx.Node) -> fx.GraphModule:
    """A traced decomposition without what nobody uses of it: a size that it only looks at is a number no longer."""
    module.graph.eliminate_dead_code()
    module.recompile()
    values = [argument.meta["val"] for argument in arguments_of(node)]
    mode = next((found for value in (*values, node.meta.get("val")) if (found := fake_mode_of(value))), None)
    with torch.no_grad(), mode or nullcontext():
        return make_fx(module)(*values)


def _mutable(argument: Any) -> Any:
    """Arguments in Python's own containers: some decompositions edit the lists they are given."""
    if isinstance(argument, (list, tuple)):
        return (
            type(argument)(map(_mutable, argument)) if type(argument) in (list, tuple) else [*map(_mutable, argument)]
        )
    if isinstance(argument, dict):
        return {name: _mutable(value) for name, value in argument.items()}
    return argument
