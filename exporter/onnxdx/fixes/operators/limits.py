"""What generated code was made for: conditions on the arguments, which a registry function can check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from onnxdx.compat.torch_operators import schema
from onnxdx.dtypes import onnx_dtype
from onnxdx.fixes.operators.function_text import About, Limit, parameter_name
from onnxdx.fixes.operators.small_program import SmallProgram
from onnxdx.fixes.operators.uses import Operator, Use


def limits_of(
    operator: Operator, use: Use, leaves: Sequence[tuple[str, Any]], program: SmallProgram
) -> tuple[Limit, ...]:
    """What the code was made for, as conditions: which arguments there are, ranks and dtypes, values that shaped it,
    what the trace assumed. A condition may read what those before it say is there.
    """
    limits = [*_given(operator, use), *kinds_of(leaves)]
    opened = set(program.inputs)
    for name, value in leaves:
        if isinstance(value, torch.Tensor) or value is None or name in opened:
            continue
        if isinstance(value, bool):
            limits.append(Limit(About.ARGUMENT, name if value else f"not {name}", f"`{name}` = {value}"))
        elif isinstance(value, (int, float, str)):
            limits.append(Limit(About.ARGUMENT, f"{name} == {_shown(value)}", f"`{name}` = {_shown(value)}"))
    numbers = [name for name, value in leaves if name in opened and not isinstance(value, torch.Tensor)]
    for condition in program.assumed:
        if re.search(r"\b[A-Z]\w*\(|\b[su]\d+\b", condition):  # a function of torch's, or a size that data gives
            limits += shapes_of(leaves)
        elif ".shape[" in condition:
            limits.append(Limit(About.SIZE, condition, f"`{condition}`"))
        elif used := [name for name in numbers if re.search(rf"\b{re.escape(name)}(?!\w)", condition)]:
            computed = any(name.partition("[")[0] in operator.computed for name in used)
            holds = _with_all_digits(condition, dict(leaves))
            limits.append(Limit(About.VALUE if computed else About.ARGUMENT, holds, f"`{holds}`"))
    if not any(limit.about is About.SIZE for limit in limits):
        limits += shapes_of(leaves)
    return tuple(limits)


def _with_all_digits(condition: str, values: Mapping[str, Any]) -> str:
    """`eps == 1.00000000000000e-6`, as sympy writes it, with the number that was given."""
    name, _, number = condition.partition(" == ")
    is_number = re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", number) is not None
    return f"{name} == {_shown(values[name])}" if is_number and name in values else condition


def _given(operator: Operator, use: Use) -> Iterator[Limit]:
    """Which of the optional arguments are given, and how many items lists have."""
    for argument in schema(operator.target).arguments:
        name, value = parameter_name(argument.name), use.arguments.values.get(argument.name)
        if value is None and argument.name in use.arguments.values:
            yield Limit(About.ARGUMENT, f"{name} is None", f"no `{name}`")
        elif value is not None and str(argument.type).startswith("Optional["):
            yield Limit(About.ARGUMENT, f"{name} is not None", f"a `{name}`")
        if isinstance(value, list) and argument.name not in operator.computed:
            items = f"{len(value)} item{'s' * (len(value) != 1)}"
            yield Limit(About.ARGUMENT, f"len({name}) == {len(value)}", f"`{name}` with {items}")


def kinds_of(leaves: Sequence[tuple[str, Any]]) -> Iterator[Limit]:
    """Numbers of dimensions and dtypes of the tensors among the leaves, as limits."""
    for name, value in leaves:
        if not isinstance(value, torch.Tensor):
            continue
        rank, dtype = value.dim() + value.is_complex(), onnx_dtype(value)
        yield Limit(About.RANK, f"len({name}.shape) == {rank}", f"`{name}` with {rank} dimension{'s' * (rank != 1)}")
        if dtype is not None:
            yield Limit(About.DTYPE, f"{name}.dtype == ir.DataType.{dtype.name}", f"`{name}` of {dtype.name}")


def shapes_of(leaves: Sequence[tuple[str, Any]]) -> list[Limit]:
    """The shapes of the tensors among the leaves, as limits."""
    return [_of_shape(name, value) for name, value in leaves if isinstance(value, torch.Tensor) and value.dim()]


def _of_shape(name: str, value: torch.Tensor) -> Limit:
    shape = [*value.shape, *([2] if value.is_complex() else [])]
    return Limit(About.SIZE, f"list({name}.shape) == {shape}", f"`{name}` of the shape {shape}")


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def renamed(path: str) -> str:
    """The expression that reads a leaf, by the name of its parameter."""
    name, bracket, rest = path.partition("[")
    return parameter_name(name) + bracket + rest
