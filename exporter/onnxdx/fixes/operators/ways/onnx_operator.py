"""An operator of ONNX or of ONNX Runtime that has the operator's name, inputs and attributes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from onnxdx.compat.foreign_registries import runtime_schemas
from onnxdx.compat.torch_operators import schema
from onnxdx.fixes.operators.function_text import About, Block, Candidate, Case, Limit, parameter_name
from onnxdx.fixes.operators.limits import kinds_of
from onnxdx.fixes.operators.uses import Operator

NAME = "an operator of ONNX or ONNX Runtime"

_SYNONYMS = {
    "dim": "axis", "eps": "epsilon", "keepdim": "keepdims", "negative_slope": "alpha", "slope": "alpha",
    "groups": "group", "stride": "strides", "dilation": "dilations", "padding": "pads", "heads": "num_heads",
    "n_heads": "num_heads", "causal": "is_causal",
}  # fmt: skip
"""What arguments of operators are called in ONNX, where it is not the same."""

_DOMAINS = ("", "com.microsoft")


def candidates(operator: Operator) -> Iterator[Candidate]:
    """A call of each operator of that name; whether it is the same, the proof tells."""
    for found in _named(_plain(schema(operator.target).name.partition("::")[2]), operator.options.opset_version):
        case = _case(operator, found)
        if case is not None:
            where = f"`{found.domain}::{found.name}`" if found.domain else f"`{found.name}`"
            yield Block(operator.target, (case,), f"The operator {where}.", is_eager_code=False, is_guess=True)


@dataclass(frozen=True)
class _Known:
    """An operator of a runtime: its name, the least and the largest number of inputs, results, attributes."""

    domain: str
    name: str
    since: int
    inputs: tuple[int, int]
    outputs: int
    attributes: frozenset[str]
    required: frozenset[str]


def _named(plain: str, opset: int) -> Iterator[_Known]:
    for domain in _DOMAINS:
        fitting = [each for each in _by_name().get((domain, plain), ()) if domain or each.since <= min(opset, 18)]
        if fitting:
            yield max(fitting, key=lambda each: each.since)


@functools.cache
def _by_name() -> Mapping[tuple[str, str], list[_Known]]:
    found: dict[tuple[str, str], list[_Known]] = {}
    for each in runtime_schemas():
        if each.domain in _DOMAINS:
            known = _Known(
                each.domain,
                each.name,
                each.since_version,
                (each.min_input, each.max_input),
                each.min_output,
                frozenset(each.attributes),
                frozenset(name for name, attribute in each.attributes.items() if attribute.required),
            )
            found.setdefault((each.domain, _plain(each.name)), []).append(known)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _case(operator: Operator, found: _Known) -> Case | None:
    """The call, when the tensors of the operator can be its inputs and every other argument is an attribute of it."""
    arguments = operator.uses[0].arguments
    inputs, attributes, limits = [], {}, list(kinds_of(arguments.leaves()))
    for name, value in arguments.values.items():
        parameter = parameter_name(name)
        attribute = _SYNONYMS.get(name, name)
        if isinstance(value, torch.Tensor):
            inputs.append(parameter)
        elif value is None:
            limits.append(Limit(About.ARGUMENT, f"{parameter} is None", f"no `{parameter}`"))
        elif attribute in found.attributes and isinstance(value, (bool, int, float, str)):
            attributes[attribute] = f"int({parameter})" if isinstance(value, bool) else parameter
        elif isinstance(value, (bool, int, float, str)):
            limits.append(Limit(About.ARGUMENT, f"{parameter} == {value!r}", f"`{parameter}` = {value!r}"))
        else:
            return None
    results = len(schema(operator.target).returns)
    least, most = found.inputs
    if not least <= len(inputs) <= most or found.outputs > results or not found.required <= set(attributes):
        return None
    given = [*inputs, *(f"{name}={value}" for name, value in attributes.items())]
    call, imports = _call(found, given, results)
    names = [f"result_{index + 1}" for index in range(results)]
    lines = () if results == 1 else (f"{', '.join(names)} = {call}",)
    return Case(tuple(limits), lines, (call,) if results == 1 else tuple(names), imports)


def _call(found: _Known, given: list[Any], results: int) -> tuple[str, frozenset[str]]:
    if not found.domain:
        return f"op.{found.name}({', '.join(given)})", frozenset()
    outputs = [f"_outputs={results}"] if results > 1 else []
    call = f'OnnxDomain("{found.domain}").{found.name}({", ".join([*given, *outputs])})'
    return call, frozenset({"from onnxdx import OnnxDomain"})
