"""A composition of ONNX operators that onnxdx knows for the operator."""

from __future__ import annotations

from collections.abc import Iterator

from onnxdx.compat.torch_operators import other_overloads
from onnxdx.fixes.operators.compositions import Composed, compositions_for
from onnxdx.fixes.operators.function_text import Candidate
from onnxdx.fixes.operators.uses import Operator, registered_name
from onnxdx.fixes.operators.ways.other_overload import takes

NAME = "a composition of ONNX operators"


def candidates(operator: Operator) -> Iterator[Candidate]:
    """What `compositions` has for the operator, for the one operator that all its decompositions lack, or for an
    overload that takes tensors for its numbers.
    """
    takes_complex = any(tensor.is_complex() for use in operator.uses for tensor in use.arguments.tensors())
    targets = [operator.target, *operator.leaves] if len(operator.leaves) == 1 else [operator.target]
    for target in targets:
        for function, complex in compositions_for(registered_name(target)):
            if complex is takes_complex:
                yield Composed(target, function, complex, operator.uses)
    for other in other_overloads(operator.target):
        if takes(other, operator.target):
            for function, complex in compositions_for(registered_name(other)):
                if complex is takes_complex:
                    yield Composed(operator.target, function, complex, operator.uses, other)
