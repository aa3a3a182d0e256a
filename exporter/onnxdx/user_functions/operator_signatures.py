"""Whether an ONNX function can stand for an operator: its parameters and results against the operator's schema.

Arguments meet parameters as they do in a trace: positional ones by their place, keyword-only ones by their name. Only
what can never work is a misfit; what depends on the call is for dispatch and translation to say.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import onnx_ir as ir
import onnxscript
import torch

from onnxdx.compat.torch_operators import OpOverload, schema
from onnxdx.compat.writing_operators import written_in_words

WITHOUT_MEANING = frozenset(
    {"layout", "device", "pin_memory", "memory_format", "non_blocking", "requires_grad", "generator", "copy", "stable"}
)
"""Arguments of ATen operators that do not change what an ONNX model computes."""

_OURS = frozenset({"result_count"})
"""Parameters that translation fills in by itself."""

_FITTING = {
    "int": {ir.AttributeType.INT, ir.AttributeType.FLOAT, ir.AttributeType.INTS},
    "bool": {ir.AttributeType.INT, ir.AttributeType.FLOAT},
    "float": {ir.AttributeType.FLOAT},
    "number": {ir.AttributeType.INT, ir.AttributeType.FLOAT},
    "str": {ir.AttributeType.STRING},
    "List[int]": {ir.AttributeType.INTS, ir.AttributeType.FLOATS},
    "List[bool]": {ir.AttributeType.INTS},
    "List[float]": {ir.AttributeType.FLOATS},
    "List[str]": {ir.AttributeType.STRINGS},
    "Tensor": set(ir.AttributeType) - {ir.AttributeType.STRING, ir.AttributeType.STRINGS},
}
"""The attributes that an argument of a type can be given to; a tensor's, when the model has it as a constant."""


def misfits(target: OpOverload, function: Any) -> Iterator[str]:
    """Why an ONNX function can never stand for an operator, each reason as the end of a sentence about the function."""
    arguments = schema(target).arguments
    positional = [argument for argument in arguments if not argument.kwarg_only]
    by_name = {argument.name: argument for argument in arguments}
    parameters = [each for each in function.op_signature.params if each.name not in _OURS]
    variadic = any(isinstance(each, ir.schemas.Parameter) and each.variadic for each in parameters)
    matched: dict[str, Any] = {}
    for index, parameter in enumerate(() if variadic else parameters):
        if index < len(positional):
            wanted = positional[index].name
            if parameter.name != wanted and parameter.name in by_name:
                yield f"its parameter `{parameter.name}` stands where the operator has `{wanted}`"
            matched[wanted] = parameter
        elif parameter.name in by_name:
            matched[parameter.name] = parameter
    if not variadic:
        yield from _unknown(parameters[len(positional) :], by_name, matched)
        yield from (f"it has no parameter for `{each.name}`" for each in arguments if _misses(each, matched))
    for name, parameter in matched.items():
        if name in WITHOUT_MEANING or not isinstance(parameter, ir.schemas.AttributeParameter):
            continue
        if not _takes(parameter, by_name[name]):
            kind = _plain(by_name[name])
            yield f"its parameter `{parameter.name}` takes {_in_words(parameter.type)}, and `{name}` is of type {kind}"
    yield from _outputs(target, function)


def _unknown(parameters: Sequence[Any], by_name: dict[str, Any], matched: dict[str, Any]) -> Iterator[str]:
    for parameter in parameters:
        if parameter.name in by_name:
            continue
        near = difflib.get_close_matches(parameter.name, [name for name in by_name if name not in matched], 1, 0.75)
        if near:
            yield f"the operator has no `{parameter.name}`, but `{near[0]}`"
        elif parameter.required and not parameter.has_default():
            yield f"the operator has nothing to give for its parameter `{parameter.name}`"


def _misses(argument: torch.Argument, matched: dict[str, Any]) -> bool:
    optional = argument.has_default_value() or str(argument.type).startswith("Optional[")
    return not optional and argument.name not in matched and argument.name not in WITHOUT_MEANING


def _takes(parameter: ir.schemas.AttributeParameter, argument: torch.Argument) -> bool:
    fitting = _FITTING.get(_plain(argument))
    return fitting is None or parameter.type in fitting


def _plain(argument: torch.Argument) -> str:
    return str(argument.type).removeprefix("Optional[").removesuffix("]" if "Optional[" in str(argument.type) else "")


def _in_words(kind: ir.AttributeType) -> str:
    words = {"INT": "an int", "FLOAT": "a float", "STRING": "a str"}
    return words.get(kind.name, f"a list of {kind.name.lower()}")


def _outputs(target: OpOverload, function: Any) -> Iterator[str]:
    """The number of results, where it is known without a trace."""
    returns = schema(target).returns
    if not isinstance(function, onnxscript.OnnxFunction) or any(str(each.type).startswith("List") for each in returns):
        return
    given = len(function.function_ir.outputs)
    if returns and given != len(returns):
        writes = written_in_words(target)
        said = f"the operator {len(returns)}" + (
            f", which {'is' if len(returns) == 1 else 'are'} {writes}" if writes else ""
        )
        yield f"it returns {given} value{'s' * (given != 1)}, and {said}"
