"""Operators of torch as capture calls them: their names, schemas and overloads, and what kind they are of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

# OpOverload and HigherOrderOperator are the types of `fx.Node.target`; torch has no public name for them (2.9 - 2.14).
from torch._ops import HigherOrderOperator, OpOverload

__all__ = [
    "HigherOrderOperator",
    "OpOverload",
    "is_builtin",
    "is_composite",
    "is_functorch",
    "name_of",
    "nests",
    "only_overload",
    "operator_names",
    "other_overloads",
    "schema",
    "written_arguments",
]


def name_of(target: OpOverload | HigherOrderOperator) -> str:
    """ "aten::add.Tensor"; `name()` has no annotations in torch (2.9 - 2.14)."""
    return str(target.name())  # type: ignore[no-untyped-call]


def only_overload(target: Callable[..., Any]) -> Callable[..., Any]:
    """The overload that an operator stands for: of a custom operator, or of one with a single or a default overload.

    Functions of Python on sizes (`operator.add`, `math.ceil`) stand for themselves. Raises TypeError when `target` is
    no operator, ValueError when it is open which overload is meant (`CustomOpDef._opoverload` and `OpOverloadPacket`
    have no public names, 2.9 - 2.14).
    """
    from torch._library.custom_ops import CustomOpDef
    from torch._ops import OpOverloadPacket

    if isinstance(target, OpOverload):
        return target
    if isinstance(target, CustomOpDef):
        return target._opoverload
    if not isinstance(target, OpOverloadPacket):
        if getattr(target, "__module__", "") in ("_operator", "math", "torch"):
            return target
        raise TypeError(f"{target!r} is no operator of torch")
    overloads = {name: schema(getattr(target, name)) for name in target.overloads() if not name.endswith("out")}
    names = [name for name, own in overloads.items() if any("Tensor" in str(each.type) for each in own.returns)]
    if len(names) != 1 and "default" not in names:
        raise ValueError(f"{target} has the overloads {', '.join(names)}: give one of them")
    found: Callable[..., Any] = getattr(target, "default" if "default" in names else names[0])
    return found


def is_composite(target: OpOverload) -> bool:
    """Whether the operator is a composition of others (CompositeImplicitAutograd, of `torch._C.DispatchKey`)."""
    return bool(target.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd))


def is_functorch(target: object) -> bool:
    """Whether a captured call belongs to vmap or grad (`torch._functorch.predispatch`, 2.9 - 2.14)."""
    return (getattr(target, "__module__", None) or "").startswith("torch._functorch")


def schema(target: OpOverload) -> torch.FunctionSchema:
    """The operator's schema; `OpOverload._schema` has no public name (2.9 - 2.14)."""
    return target._schema


def written_arguments(target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """The arguments of a call that the operator's schema says are written."""
    for index, parameter in enumerate(schema(target).arguments):
        if parameter.alias_info is None or not parameter.alias_info.is_write:
            continue
        if index < len(args) and not parameter.kwarg_only:
            yield args[index]
        elif parameter.name in kwargs:
            yield kwargs[parameter.name]


def nests(target: OpOverload) -> bool:
    """Whether an operator is about tensors of nested rows, by its name (`aten::_nested_tensor_...`, 2.9 - 2.14)."""
    return is_builtin(target) and "nested" in name_of(target)


def operator_names(namespace: str) -> list[str]:
    """The operators that torch has in a namespace, by name (`torch._C._dispatch_get_all_op_names`, 2.9 - 2.14)."""
    return [name for name in torch._C._dispatch_get_all_op_names() if name.startswith(f"{namespace}::")]


def is_builtin(target: OpOverload) -> bool:
    """Whether an operator is one of torch's own, as `torch._library.utils.is_builtin` has it (2.9 - 2.14)."""
    return target.namespace in ("aten", "prim", "prims")


def other_overloads(target: OpOverload) -> list[OpOverload]:
    """The overloads of the same operator, without those that write (`OpOverload.overloadpacket`, 2.9 - 2.14)."""
    packet = target.overloadpacket
    others = (getattr(packet, name) for name in packet.overloads())
    return [each for each in others if each is not target and not schema(each).is_mutable]
