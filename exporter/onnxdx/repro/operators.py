"""Custom operators in a script: the user's own definition, or a stand-in with the same schema and result shapes."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from onnxdx.compat.kernels import kernel_of
from onnxdx.compat.torch_operators import OpOverload, name_of, schema
from onnxdx.repro.fragments import Fragment
from onnxdx.repro.literals import NoSource
from onnxdx.repro.sources import Sources


def take(part: Fragment, sources: Sources) -> str:
    """Definitions of the custom operators of a fragment that have no Python source; the others go to `sources`."""
    return "\n\n".join(filter(None, (_defined(operator, part, sources) for operator in part.custom_operators)))


def _defined(operator: OpOverload, part: Fragment, sources: Sources) -> str:
    kernel = kernel_of(operator)
    namespace = name_of(operator).partition("::")[0]
    if kernel is not None and sources.is_users(kernel):
        sources.take_operators(namespace)
        return ""
    node = next(node for node in part.nodes if node.target is operator)
    return stand_in(operator, node)


def stand_in(operator: OpOverload, node: fx.Node) -> str:
    """An operator of this schema that gives zeros of the shapes that `node` has. Raises NoSource."""
    known = node.meta.get("val")
    given = known if isinstance(known, (list, tuple)) else [known]
    results = [result for result in given if isinstance(result, torch.Tensor)]
    if schema(operator).is_mutable or len(results) < len(given):
        raise NoSource(f"the custom operator `{name_of(operator)}`")
    sizes = _sizes(operator, node)
    made = [f"torch.zeros({_shape(result, sizes)}, dtype={result.dtype})" for result in results]
    value = f"({', '.join(made)},)" if isinstance(known, (list, tuple)) else made[0]
    name, text = name_of(operator), str(schema(operator))
    arguments = ", ".join(argument.name for argument in schema(operator).arguments)
    return (
        f'torch.library.define("{name}", "{text[text.index("(") :]}")\n\n\n'
        f'@torch.library.impl("{name}", "CPU")\n@torch.library.register_fake("{name}")\n'
        f"def {name.partition('::')[2].replace('.', '_')}({arguments}):\n"
        f'    """A stand-in: what the operator computes does not matter here."""\n    return {value}'
    )


def _sizes(operator: OpOverload, node: fx.Node) -> dict[str, str]:
    """Where a symbolic size can be read off: "s77" -> "x.shape[0]"."""
    found: dict[str, str] = {}
    for argument, given in zip(schema(operator).arguments, node.args, strict=False):
        value = given.meta.get("val") if isinstance(given, fx.Node) else None
        for axis, size in enumerate(value.shape) if isinstance(value, torch.Tensor) else ():
            if isinstance(size, torch.SymInt):
                found.setdefault(str(size), f"{argument.name}.shape[{axis}]")
    return found


def _shape(result: Any, sizes: dict[str, str]) -> str:
    parts = []
    for size in result.shape:
        if isinstance(size, torch.SymInt) and str(size) not in sizes:
            raise NoSource(f"a size `{size}` that is computed")
        parts.append(sizes[str(size)] if isinstance(size, torch.SymInt) else str(size))
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
