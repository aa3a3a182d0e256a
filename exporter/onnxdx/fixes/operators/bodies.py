"""From a function that computes an operator in torch to a block for a registry file, general where the trace was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from onnxdx.fixes.operators.compositions import with_compositions
from onnxdx.fixes.operators.function_text import Block, Case, ScriptBody, function_name, parameter_name
from onnxdx.fixes.operators.limits import limits_of, renamed
from onnxdx.fixes.operators.small_program import Missing, SmallProgram, Untraceable, traced, translated
from onnxdx.fixes.operators.statements import Unprintable, statements
from onnxdx.fixes.operators.uses import Operator, Use
from onnxdx.registry import OnnxRegistry
from onnxdx.request import SUPPORTED_OPSETS

WRITTEN_FOR = SUPPORTED_OPSETS[0]
"""The opset whose operators generated code calls; a trace adapts them to later ones."""


def block_of(operator: Operator, body: Callable[..., Any], how: str, parts: bool = False) -> Block:
    """The body of an operator as one function with a case for each kind of use.

    With `parts`, what has no ONNX function in the body is taken from the formulas and compositions that onnxdx knows.
    Raises Untraceable.
    """
    cases: dict[Case, None] = {}
    for use in operator.uses:
        cases.setdefault(_case(operator, use, body, parts))
    complex = any(tensor.is_complex() for use in operator.uses for tensor in use.arguments.tensors())
    return Block(operator.target, tuple(cases), how, complex, computed=operator.computed)


def script_of(operator: Operator, body: Callable[..., Any], domain: str, name: str, how: str) -> ScriptBody:
    """The body of an operator as a function of this name that stays one in the model. Raises Untraceable."""
    cases = {_case(operator, use, body, parts=True, script=True) for use in operator.uses}
    if len({(case.lines, case.results) for case in cases}) > 1:
        raise Untraceable("its uses in the model need different code")
    return ScriptBody(operator.target, next(iter(cases)), domain, name, how)


def _case(operator: Operator, use: Use, body: Callable[..., Any], parts: bool, script: bool = False) -> Case:
    arguments = use.arguments

    def call(leaves: Sequence[Any]) -> Any:
        return arguments.with_leaves(leaves).call(body)

    leaves = [(renamed(name), value) for name, value in arguments.leaves()]
    taken = sorted({parameter_name(name) for name in arguments.values} | {function_name(operator.target), "registry"})
    registry = operator.options.onnx_registry or OnnxRegistry()
    reasons: list[Untraceable] = []
    for kind in _KINDS:
        if kind.parts and not (parts and any(isinstance(reason, Missing) for reason in reasons)):
            break
        try:
            program = traced(
                call, leaves, sizes=kind.sizes, numbers=kind.numbers, whole=kind.whole, formulas=kind.parts
            )
            draft = translated(program, with_compositions(registry) if kind.parts else registry, WRITTEN_FOR)
            made = statements(draft, program.inputs, taken, operator.computed, script=script)
        except Unprintable as error:
            reasons.append(Untraceable(str(error)))
            continue
        except Untraceable as error:
            reasons.append(error)
            continue
        return Case(
            limits_of(operator, use, leaves, program),
            tuple(made.lines),
            _in_their_places(made.results, program),
            frozenset(made.imports),
        )
    raise reasons[0]


def _in_their_places(results: Sequence[str], program: SmallProgram) -> tuple[str, ...]:
    """The results with a None wherever the function returns none."""
    (output,) = (node for node in program.captured.exported.graph.nodes if node.op == "output")
    supply = iter(results)
    return tuple("None" if each is None else next(supply) for each in output.args[0])


@dataclass(frozen=True)
class _Kind:
    """How a body is traced: with open `sizes`, open `numbers`, `whole` composite operators, and, where an operator in
    it has no ONNX function, with the `parts` that onnxdx knows for it.
    """

    sizes: bool = True
    numbers: bool = True
    whole: bool = True
    parts: bool = False


_KINDS = (
    *(_Kind(numbers=numbers, whole=whole) for numbers in (True, False) for whole in (True, False)),
    *(_Kind(sizes, numbers, whole=False, parts=True) for sizes in (True, False) for numbers in (True, False)),
)
"""The ways to trace, the most general first."""
