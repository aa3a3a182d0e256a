"""Operators that write into their arguments, as functions: what stands in a graph for a call, and what can be run."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from onnxdx.compat.torch_operators import HigherOrderOperator, OpOverload, is_builtin, name_of, schema

_CALL = "auto_functionalized"


class ReturningOperator(OpOverload):
    """An operator that writes (`writer`), as one that returns instead: it has the same name and the same parameters.

    Its results are those of the writer, then the new values of the arguments that it writes into, in the order of the
    schema; None for an argument that is not given. Where lists are written, it is one list of all of these. torch has
    no operator of this kind that is registered, only the calls that functionalisation makes (2.9 - 2.14).
    """

    def __init__(self, writer: OpOverload) -> None:
        def call(*args: Any, **kwargs: Any) -> Any:
            return self._flat(_call()(writer, **_by_name(writer, args, kwargs)))

        returning = _schema(writer)
        super().__init__(writer.overloadpacket, call, writer._op_dk, returning, writer.tags)
        self.writer = writer

    def body(self, written: Callable[..., Any]) -> Callable[..., Any]:
        """What computes this operator, made of what computes the writer, which is given copies to write into."""

        def call(*args: Any, **kwargs: Any) -> Any:
            values = _by_name(self.writer, args, kwargs)
            copies = {name: _copied(values[name]) for name in written_names(self.writer)}
            values.update(copies)
            parameters = schema(self.writer).arguments
            result = written(
                *(values[each.name] for each in parameters if not each.kwarg_only),
                **{each.name: values[each.name] for each in parameters if each.kwarg_only},
            )
            own = tuple(result) if isinstance(result, (tuple, list)) else (result,)
            return self._flat((*own, *copies.values()))

        return call

    def formed(self, results: Sequence[Any]) -> Any:
        """All results, one by one, in the form in which a call gives them."""
        if schema(self).returns[0].type.kind() == "ListType":
            return list(results)
        return tuple(results) if len(results) > 1 else results[0]

    def _flat(self, results: Sequence[Any]) -> Any:
        """All results of a call: those of the writer, or a None, and what it writes, a list for each list."""
        return self.formed(_flat(results if schema(self.writer).returns else results[1:]))


@functools.cache
def returning(target: OpOverload) -> OpOverload:
    """The operator that is registered for one: itself, or for one that writes the one that returns instead.

    The writing operators of torch itself never reach a registry: functionalisation has others for them. Nor does one
    that returns lists or numbers, which functionalisation refuses.
    """
    parameters = {argument.name: str(argument.type) for argument in schema(target).arguments}
    written = [parameters[name] for name in written_names(target)]
    tensors = all("Tensor" in kind for kind in written)
    plain = all(str(result.type) == "Tensor" for result in schema(target).returns)
    return ReturningOperator(target) if written and tensors and plain and not is_builtin(target) else target


def writer_of(target: OpOverload) -> OpOverload:
    """The operator of torch that one is."""
    return target.writer if isinstance(target, ReturningOperator) else target


def written_names(target: OpOverload) -> list[str]:
    """The arguments that an operator writes into, in the order of its schema."""
    parameters = schema(writer_of(target)).arguments
    return [each.name for each in parameters if each.alias_info is not None and each.alias_info.is_write]


def has_taken_name(target: object) -> bool:
    """Whether an operator writes and has an argument `mode`: functionalisation passes its own by that (2.9 - 2.14)."""
    if not isinstance(target, OpOverload) or not written_names(target):
        return False
    return any(argument.name == "mode" for argument in schema(target).arguments)


def written_in_words(target: object) -> str:
    """What an operator that returns in place of one that writes gives, in words; empty for any other."""
    if not isinstance(target, ReturningOperator):
        return ""
    names = [f"`{name}`" for name in written_names(target)]
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    new = f"the new value{'s' * (len(names) > 1)} of {listed}"
    own = len(schema(target.writer).returns)
    return f"the result{'s' * (own > 1)} of the operator, then {new}" if own else new


@dataclass(frozen=True)
class Write:
    """A call of an operator that writes, as functionalisation has it in a graph.

    `arguments` are those of the operator, all by name. `parts` says for each result of the call which of the operator
    that returns it is: its place, the places of a list, or -1 for none.
    """

    target: ReturningOperator
    arguments: Mapping[str, Any]
    parts: tuple[int | list[int], ...]

    def results(self, given: Sequence[Any]) -> Any:
        """The results of the call as the operator that returns gives them."""
        return self.target.formed(
            [value for place, value in zip(_flat(self.parts), _flat(given), strict=True) if place >= 0]
        )


def write_of(node: fx.Node) -> Write | None:
    """The call that a node is; None where it is none.

    `auto_functionalized(operator, **arguments)` gives the results, or None, and then each written argument. Of its
    second version, which describes views, `calls_without_views` leaves none (2.9 - 2.14).
    """
    if not isinstance(node.target, HigherOrderOperator) or name_of(node.target) != _CALL:
        return None
    target = returning(node.args[0]) if isinstance(node.args[0], OpOverload) else None
    if not isinstance(target, ReturningOperator):
        return None
    own = len(schema(target.writer).returns)
    parts: list[int | list[int]] = [*range(own)] or [-1]
    for name in written_names(target):
        given = node.kwargs[name]
        first = 1 + max(_flat(parts))
        parts.append([*range(first, first + len(given))] if isinstance(given, (list, tuple)) else first)
    return Write(target, node.kwargs, tuple(parts))


def _flat(values: Sequence[Any]) -> list[Any]:
    return [item for each in values for item in (each if isinstance(each, (list, tuple)) else [each])]


def storage_of(value: torch.Tensor) -> int:
    """What tensors that share memory have in common, fake ones as well (`UntypedStorage._cdata`, 2.9 - 2.14)."""
    return int(value.untyped_storage()._cdata)


@contextlib.contextmanager
def calls_without_views() -> Iterator[None]:
    """While open, functionalisation gives operators that write the views as they are, and writes back by itself.

    Otherwise a call takes the tensors that these are views of, and a description of the views
    (`torch._export.config`, 2.9 - 2.14).
    """
    import torch._export.config as config

    with config.patch(enable_auto_functionalized_v2_for_export=False):
        yield


def _call() -> Callable[..., Any]:
    """`auto_functionalized(operator, **arguments)`: what gives the results of a write without writing (2.9 - 2.14)."""
    from torch._higher_order_ops.auto_functionalize import auto_functionalized

    return auto_functionalized


def _by_name(target: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    parameters = schema(target).arguments
    given = dict(zip((each.name for each in parameters if not each.kwarg_only), args, strict=False)) | dict(kwargs)
    return {each.name: given.get(each.name, each.default_value) for each in parameters}


def _copied(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    return value.clone() if isinstance(value, torch.Tensor) else value


def _schema(writer: OpOverload) -> torch.FunctionSchema:
    """The schema with the written arguments among the results, and no word of writing (`parse_schema`, 2.9 - 2.14)."""
    given, _, _ = re.sub(r"Tensor\([^()]*\)", "Tensor", str(schema(writer))).rpartition(" -> ")
    kinds = {each.name: str(each.type) for each in schema(writer).arguments}
    lists = any("List[" in kinds[name] for name in written_names(writer))
    count = len(schema(writer).returns) + len(written_names(writer))
    results = "Tensor[]" if lists else ", ".join(["Tensor"] * count)
    return torch._C.parse_schema(f"{given} -> ({results})")
