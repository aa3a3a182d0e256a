"""Another overload or the other complex variant of the operator, which has an ONNX function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from onnxdx.compat.torch_operators import OpOverload, other_overloads, schema
from onnxdx.fixes.operators.bodies import block_of
from onnxdx.fixes.operators.formulas.movements import on_parts
from onnxdx.fixes.operators.function_text import Candidate
from onnxdx.fixes.operators.small_program import Untraceable
from onnxdx.fixes.operators.uses import Operator, registered_name
from onnxdx.registry import OnnxRegistry

NAME = "another overload"


def candidates(operator: Operator) -> Iterator[Candidate]:
    """The overloads that take the same arguments, numbers as tensors perhaps; then the parts of complex tensors."""
    registry = operator.options.onnx_registry or OnnxRegistry()
    failed: Untraceable | None = None
    for how, body in (*_overloads(operator, registry), *_variants(operator, registry)):
        try:
            yield block_of(operator, body, how)
        except Untraceable as error:
            failed = error
    if failed is not None:
        raise failed


def _overloads(operator: Operator, registry: OnnxRegistry) -> Iterator[tuple[str, Callable[..., Any]]]:
    for other in other_overloads(operator.target):
        if registry.entries(other) and takes(other, operator.target):
            yield f"What the overload `{registered_name(other)}` is.", _called(other)


def takes(other: OpOverload, target: OpOverload) -> bool:
    """Whether an overload has the arguments of another, with tensors for numbers perhaps."""
    ours, theirs = schema(target).arguments, schema(other).arguments
    if [each.name for each in ours] != [each.name for each in theirs]:
        return False
    kinds = [(str(one.type), str(two.type)) for one, two in zip(ours, theirs, strict=True)]
    return all(one == two or (two == "Tensor" and one in _NUMBERS) for one, two in kinds)


_NUMBERS = ("number", "float", "int", "bool")


def _called(other: OpOverload) -> Callable[..., Any]:
    wanted = {each.name: str(each.type) for each in schema(other).arguments}

    def call(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(wanted, args, strict=False)) | kwargs
        tensors = [value for value in given.values() if isinstance(value, torch.Tensor)]
        dtype = tensors[0].dtype if tensors else None
        made = {
            name: torch.scalar_tensor(value, dtype=dtype)
            if wanted[name] == "Tensor" and not isinstance(value, torch.Tensor)
            else value
            for name, value in given.items()
        }
        return other(**made)

    return call


def _variants(operator: Operator, registry: OnnxRegistry) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The operator on the other kind of tensors: right where it only moves elements, which the proof has to show."""
    kinds = {entry.complex for entry in registry.entries(operator.target)}
    tensors = [tensor for use in operator.uses for tensor in use.arguments.tensors()]
    target: Any = operator.target
    if False in kinds and any(tensor.is_complex() for tensor in tensors):
        yield "The operator on the real and on the imaginary parts.", on_parts(target)
    if True in kinds and not any(tensor.is_complex() for tensor in tensors):
        yield "The real part of the operator on complex numbers.", _on_complex(target)


def _on_complex(target: Callable[..., Any]) -> Callable[..., Any]:
    def widened(value: Any) -> Any:
        floats = isinstance(value, torch.Tensor) and value.dtype.is_floating_point
        return torch.complex(value, torch.zeros_like(value)) if floats else value

    def call(*args: Any, **kwargs: Any) -> Any:
        result = target(*map(widened, args), **{name: widened(each) for name, each in kwargs.items()})
        return torch.view_as_real(result)[..., 0]

    return call
