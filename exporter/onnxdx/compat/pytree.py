"""Nested inputs and outputs, flattened as torch.export flattens them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch


def flat_inputs(exported: torch.export.ExportedProgram, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """`args` and `kwargs` flattened in the order of the program's placeholders.

    Keyword arguments are put into the captured order first. pytree has no public flatten for nested containers of
    Python (2.9 - 2.14). Raises ValueError when the structure is not that of the capture.
    """
    from torch.utils import _pytree

    in_spec = exported.call_spec.in_spec
    if in_spec is None:
        return list(args)
    children = specs_in(in_spec)
    captured = children[1].context if children else []
    names = list(captured or [])
    ordered = {name: kwargs[name] for name in names if name in kwargs}
    ordered.update({name: value for name, value in kwargs.items() if name not in ordered})
    modules = {type(leaf) for leaf in leaves_of((tuple(args), ordered)) if isinstance(leaf, torch.nn.Module)}
    with _modules_taken_apart(modules):
        flat, spec = _pytree.tree_flatten((tuple(args), ordered))
    if spec != in_spec:
        raise ValueError(f"the inputs have the structure {spec}, but the model was captured with {in_spec}")
    return list(flat)


def unflatten_inputs(exported: torch.export.ExportedProgram, flat: Sequence[Any]) -> tuple[Any, Any]:
    """The inverse of `flat_inputs`: args and kwargs (`torch.utils._pytree.tree_unflatten`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    in_spec = exported.call_spec.in_spec
    if in_spec is None:
        return tuple(flat), {}
    with _modules_taken_apart(set(_modules_in(in_spec))):
        args, kwargs = _pytree.tree_unflatten(list(flat), in_spec)
    return args, kwargs


@contextlib.contextmanager
def _modules_taken_apart(kinds: set[type[torch.nn.Module]]) -> Iterator[None]:
    """While open, modules among inputs are their tensors, as torch.export takes them.

    That is what `_enable_graph_inputs_of_type_nn_module` does while torch captures (2.9 - 2.14).
    """
    from torch._export import utils

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch at torch
        for kind in kinds:
            utils.register_module_as_pytree_input_node(kind)
    try:
        yield
    finally:
        for kind in kinds:
            utils.deregister_module_as_pytree_input_node(kind)


def _modules_in(spec: Any) -> Iterator[type[torch.nn.Module]]:
    """The classes of modules in a structure (`TreeSpec.type`, 2.9 - 2.14)."""
    if isinstance(spec.type, type) and issubclass(spec.type, torch.nn.Module):
        yield spec.type
    for child in specs_in(spec):
        yield from _modules_in(child)


def specs_in(spec: Any) -> list[Any]:
    """The structures inside a structure: `TreeSpec.children()` (2.10 - 2.14), an attribute before (2.9)."""
    children = getattr(spec, "children", None)
    return list(spec.children_specs if children is None else children())


def output_paths(exported: torch.export.ExportedProgram) -> list[tuple[str, ...]]:
    """For each flat output its path of keys in the model's own output structure ("logits",), ("1", "0"), ...

    The keys are read from the spec alone, because classes may refuse to be built of anything but tensors. A spec's
    `context` is documented by nothing but `torch.utils._pytree` itself (2.9 - 2.14): the keys of a mapping or of a
    model output, the class of a named tuple, the fields of a dataclass that are set and that are not.
    """
    out_spec = exported.call_spec.out_spec
    return [] if out_spec is None else list(_leaf_paths(out_spec, ()))


def _leaf_paths(spec: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    children = specs_in(spec)
    if spec.type is None or (not children and spec.num_leaves == 1):
        yield path
        return
    context = spec.context
    if isinstance(context, list) and len(context) == 2 and all(isinstance(part, list) for part in context):
        context = context[0]
    fields = getattr(context, "_fields", context)
    named = isinstance(fields, (list, tuple)) and len(fields) == len(children)
    keys = [str(key) for key in fields] if named and all(isinstance(key, str) for key in fields) else []
    for index, child in enumerate(children):
        yield from _leaf_paths(child, (*path, keys[index] if keys else str(index)))


def joined(one: Any, other: Any, join: Callable[[Any, Any], Any], first: bool) -> Any:
    """`join` of every two tensors of two structures, if these are alike in structure, dtypes and shapes; else the one
    or the other (`torch.utils._pytree`, 2.9 - 2.14).
    """
    from torch.utils import _pytree

    ones, spec = _pytree.tree_flatten(one)
    others, other_spec = _pytree.tree_flatten(other)

    def fit(a: Any, b: Any) -> bool:
        tensors = isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor)
        return tensors and a.dtype == b.dtype and tuple(map(str, a.shape)) == tuple(map(str, b.shape))

    if spec != other_spec or not all(map(fit, ones, others)):
        return one if first else other
    return _pytree.tree_unflatten([join(a, b) for a, b in zip(ones, others, strict=True)], spec)


def children_of(value: object) -> Sequence[Any] | None:
    """The parts of a container that pytree knows but Python does not (a registered class); None for anything else.

    `torch.utils._pytree.SUPPORTED_NODES` has no public name (2.9 - 2.14).
    """
    from torch.utils import _pytree

    known = _pytree.SUPPORTED_NODES.get(type(value))
    return list(known.flatten_fn(value)[0]) if known is not None else None


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """A nested structure with every leaf replaced (`torch.utils._pytree.tree_map`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    return _pytree.tree_map(function, value)


def leaves_of(value: object) -> list[Any]:
    """The leaves of a nested structure, as torch.export sees them (`torch.utils._pytree.tree_leaves`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    return list(_pytree.tree_leaves(value))


def with_leaves(change: Callable[[Any], Any], value: Any) -> Any:
    """A nested structure with other leaves (`torch.utils._pytree.tree_map`, 2.9 - 2.14)."""
    from torch.utils import _pytree

    return _pytree.tree_map(change, value)
