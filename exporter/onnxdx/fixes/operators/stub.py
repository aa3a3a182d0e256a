"""The last resort: the function as far as the schema and the model tell it, and why nothing better is offered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from onnxdx.compat.torch_operators import OpOverload, schema
from onnxdx.fixes.operators.function_text import Block, Case
from onnxdx.fixes.operators.proof import eager
from onnxdx.fixes.operators.uses import Operator, registered_name
from onnxdx.user_code.provenance import short_dtype
from onnxdx_diagnostics.fix import Fix

_UP_TO_SIGN = "its vectors are determined only up to their sign and order, and those of eager are LAPACK's choice"
_INEXPRESSIBLE = {
    "linalg_eig": _UP_TO_SIGN,
    "linalg_eigvals": "its values come in an order that is LAPACK's choice, and are complex",
    "linalg_eigh": _UP_TO_SIGN,
    "linalg_svd": _UP_TO_SIGN,
    "svd": _UP_TO_SIGN,
    "_linalg_svd": _UP_TO_SIGN,
    "_linalg_eigh": _UP_TO_SIGN,
    "hash_tensor": "ONNX has no operator that reads the bits of a number",
    "resize": "a tensor that grows holds whatever is in memory",
    "resize_as": "a tensor that grows holds whatever is in memory",
}
"""Operators that no ONNX graph computes as eager does, and why."""


def manual_fix(operator: Operator, reasons: Sequence[str]) -> Fix:
    """A fix as text: why ONNX cannot express the operator, or the function to be written, and what was tried."""
    tried = "\n".join(f"- {reason}" for reason in reasons)
    why = inexpressible(operator.target)
    if why:
        return Fix(
            f"Leave `{operator.name}` out of the exported model: ONNX cannot express it, because {why}.", text=tried
        )
    code = Block(operator.target, (Case((), tuple(_comments(operator)), _results(operator.target)),), "").source().code
    text = f"Fill in the function:\n\n{code}"
    return Fix(
        f"Write an ONNX function for `{operator.name}` by hand.",
        text=text + (f"\nWhat was tried before:\n{tried}" if tried else ""),
    )


def never(target: OpOverload) -> str:
    """Why nothing at all can be what the operator is, so that no way is tried; empty when that is not so."""
    if torch.Tag.nondeterministic_seeded in target.tags:
        return "it draws random numbers, and no runtime draws those of torch"
    if schema(target).is_mutable:
        return "it writes into its arguments, which ONNX operators cannot do"
    if any("Tensor" not in kind and kind not in _WHOLE for kind in _kinds(target)):
        return "it returns a number of Python, on which the program depends"
    return ""


def returns_whole_numbers(target: OpOverload) -> bool:
    """Whether numbers of Python are among the results, which a function gives as scalars of int64."""
    return any(kind in _WHOLE for kind in _kinds(target))


_WHOLE = frozenset({"int", "SymInt"})


def _kinds(target: OpOverload) -> list[str]:
    return [str(each.type) for each in schema(target).returns]


def inexpressible(target: OpOverload) -> str:
    """Why no ONNX function can be what the operator is, where it is known; not for its results one by one."""
    return never(target) or _INEXPRESSIBLE.get(registered_name(target).partition("::")[2].partition(".")[0], "")


def _comments(operator: Operator) -> Iterator[str]:
    use = operator.uses[0]
    for name, value in use.arguments.leaves():
        yield f"# {name}: {_described(value)}"
    for index, result in enumerate(eager(operator, use.arguments) or ()):
        whole = _kinds(operator.target)[index : index + 1] in (["int"], ["SymInt"])
        yield f"# result {index + 1}: {_described(result)}{', for a number of Python' if whole else ''}"


def _described(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return repr(value)
    said = f"{short_dtype(value.dtype)}{list(value.shape)}"
    first = ", ".join(f"{each:.4g}" if isinstance(each, float) else str(each) for each in value.flatten()[:3].tolist())
    return f"{said} = {first}{', ...' if value.numel() > 3 else ''}" if value.numel() else said


def _results(target: OpOverload) -> tuple[str, ...]:
    return tuple("..." for _ in schema(target).returns) or ("...",)
