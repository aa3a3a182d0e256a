"""What computes an operator, or says what it would give: decompositions, bodies in Python, fake kernels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch

from onnxdx.compat.fake_tensors import FakeTensorMode
from onnxdx.compat.symbolic_sizes import ShapeEnv
from onnxdx.compat.torch_operators import OpOverload, is_composite, schema


def decompositions() -> Mapping[OpOverload, Callable[..., Any]]:
    """Every decomposition torch has in Python, core or not.

    `torch.export.default_decompositions()` is public but lists only the core ATen ones; the rest of
    `torch._decomp.decomposition_table` is what it is drawn from (2.9 - 2.14).
    """
    from torch._decomp import decomposition_table

    return cast("Mapping[OpOverload, Callable[..., Any]]", decomposition_table)


def has_fake_kernel(target: OpOverload) -> bool:
    """Whether an operator can run on fake tensors (`torch._library.utils.has_fake_kernel`, 2.9 - 2.14)."""
    from torch._library import utils

    return utils.is_builtin(target) or utils.has_fake_kernel(target)


def kernel_of(target: OpOverload) -> Callable[..., Any] | None:
    """The function that `torch.library.custom_op` made an operator of (`CustomOpDef._init_fn`, 2.9 - 2.14)."""
    from torch._library import custom_ops

    definition = custom_ops.OPDEFS.get(schema(target).name)
    return definition._init_fn if definition is not None else None


def fake_kernel_of(target: OpOverload) -> Callable[..., Any] | None:
    """The function that `register_fake` gave an operator, if that was done in Python.

    `CustomOpDef._abstract_fn`, else `torch._library.simple_registry` (2.9 - 2.14).
    """
    from torch._library import custom_ops, simple_registry

    name = schema(target).name
    definition = custom_ops.OPDEFS.get(name)
    if definition is not None:
        return cast("Callable[..., Any] | None", definition._abstract_fn)
    kernel = simple_registry.singleton.find(name).fake_impl.kernel
    return cast("Callable[..., Any]", kernel.func) if kernel is not None else None


def on_fake_tensors(target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What an operator says of its results for tensors like these (`FakeTensorMode`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    mode = FakeTensorMode(shape_env=ShapeEnv())
    given = _pytree.tree_map(
        lambda leaf: mode.from_tensor(leaf, static_shapes=True) if isinstance(leaf, torch.Tensor) else leaf,
        (tuple(args), dict(kwargs)),
    )
    with mode:
        return target(*given[0], **given[1])


def python_kernel(target: OpOverload) -> Callable[..., Any] | None:
    """The Python function that computes an operator, whichever way it was registered; None when none does.

    `torch.library.custom_op` keeps it; of `Library.impl` torch only knows that a kernel is in Python (the set
    `torch.library._impls`), and calls it by `OpOverload._op_dk`, unless a mode is open that traces (2.9 - 2.14).
    """
    known = kernel_of(target)
    if known is not None:
        return known
    named = schema(target)
    own = named.name.partition("::")[2] + (f".{named.overload_name}" if named.overload_name else "")
    for key in ("CompositeExplicitAutograd", "CPU"):
        if f"{target.namespace}/{own}/{key}" in torch.library._impls:
            dispatch_key = getattr(torch._C.DispatchKey, key)
            return functools.partial(target._op_dk, dispatch_key)
    return None


def reference_bodies(target: OpOverload) -> Iterator[Callable[..., Any]]:
    """What torch has that computes an operator by others: its decompositions, its reference, its composite bodies.

    References are functions of `torch._refs`, named after the operator, in a module for each family (2.9 - 2.14).
    """
    import torch._refs as references

    known = decompositions().get(target)
    if known is not None:
        yield known
    if target.namespace == "aten":
        name = schema(target).name.partition("::")[2]
        for family, prefix in (
            (references, ""),
            (references.linalg, "linalg_"),
            (references.special, "special_"),
            (references.nn.functional, ""),
        ):
            found = getattr(family, name.removeprefix(prefix), None) if name.startswith(prefix) else None
            if callable(found) and found is not known:
                yield found
    if is_composite(target):
        yield target.decompose
    explicit = torch._C.DispatchKey.CompositeExplicitAutograd
    if target.namespace == "aten" and target.has_kernel_for_dispatch_key(explicit):
        yield functools.partial(_called_by_key, target, explicit)


def _called_by_key(target: OpOverload, key: torch._C.DispatchKey, *args: Any, **kwargs: Any) -> Any:
    """What the kernel for a key gives (`OpOverload._op_dk`, which modes of torch functions keep from it, 2.9 - 2.14).

    A composite kernel that has a gradient of its own can be reached only so.
    """
    with torch._C.DisableTorchFunction():
        return target._op_dk(key, *args, **kwargs)
