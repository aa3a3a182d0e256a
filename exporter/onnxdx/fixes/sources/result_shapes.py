"""Shapes of results by those of arguments: the simplest relation that holds for all calls that were seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from onnxdx.fixes.sources.observed_calls import ObservedCall

_Arguments = Mapping[str, Any]
_Rule = tuple[str, Callable[[_Arguments], int]]


def results_code(calls: Sequence[ObservedCall], names: Mapping[str, str], torch_name: str) -> list[str] | None:
    """Lines that end in a `return` of empty tensors of the right shapes and dtypes; None when there is no rule.

    `names` are the parameters by the names of the schema.
    """
    if not calls or len({len(call.results) for call in calls}) != 1:
        return None
    head: list[str] = []
    codes = []
    for index in range(len(calls[0].results)):
        code = _result(calls, index, names, torch_name, head)
        if code is None:
            return None
        codes.append(code)
    return [*head, f"return {', '.join(codes)}"]


def _result(
    calls: Sequence[ObservedCall], index: int, names: Mapping[str, str], torch_name: str, head: list[str]
) -> str | None:
    results = [call.results[index] for call in calls]
    tensors = [name for name, value in calls[0].arguments.items() if isinstance(value, torch.Tensor)]
    dtypes = {result.dtype for result in results}
    if not tensors or len(dtypes) != 1 or len({result.ndim for result in results}) != 1:
        return None
    for name in tensors:
        pairs = [(call.arguments[name], result) for call, result in zip(calls, results, strict=True)]
        if all(one.shape == two.shape and one.dtype == two.dtype for one, two in pairs):
            return f"{torch_name}.empty_like({names[name]})"
    sizes = []
    for axis in range(results[0].ndim):
        code = _size(calls, [result.shape[axis] for result in results], axis, names)
        if code is None:
            if not _depends_on_values(calls, index, axis):
                return None
            code = f"size_{axis}" if not index else f"size_{index}_{axis}"
            head.append(f"{code} = {torch_name}.library.get_ctx().new_dynamic_size()")
        sizes.append(code)
    base = next((name for name in tensors if calls[0].arguments[name].dtype in dtypes), tensors[0])
    same = calls[0].arguments[base].dtype in dtypes
    dtype = "" if same else f", dtype={torch_name}.{str(next(iter(dtypes))).removeprefix('torch.')}"
    shape = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    return f"{names[base]}.new_empty({shape}{dtype})"


def _size(calls: Sequence[ObservedCall], sizes: Sequence[int], axis: int, names: Mapping[str, str]) -> str | None:
    for code, rule in _rules(calls[0].arguments, axis, names, sizes[0]):
        try:
            if all(rule(call.arguments) == size for call, size in zip(calls, sizes, strict=True)):
                return code
        except (TypeError, ZeroDivisionError, IndexError):
            continue
    return None


def _rules(arguments: _Arguments, axis: int, names: Mapping[str, str], size: int) -> Iterator[_Rule]:
    """Relations of a size, the simplest first."""
    dims = [
        (f"{names[name]}.shape[{each}]", name, each)
        for name, value in arguments.items()
        if isinstance(value, torch.Tensor)
        for each in sorted(range(value.ndim), key=lambda each: each != axis)
    ]
    numbers = [name for name, value in arguments.items() if isinstance(value, int) and not isinstance(value, bool)]
    for code, name, each in dims:
        yield code, lambda given, name=name, each=each: given[name].shape[each]  # type: ignore[misc]
    yield str(size), lambda _: size
    for name in numbers:
        yield names[name], lambda given, name=name: given[name]  # type: ignore[misc]
    for code, name, each in dims:
        at = arguments[name].shape[each]
        yield from _moved(code, name, each, size - at)
        for number in (2, 3, 4, 8, 16):
            yield f"{code} // {number}", lambda g, n=name, e=each, k=number: g[n].shape[e] // k  # type: ignore[misc]
            yield f"{code} * {number}", lambda g, n=name, e=each, k=number: g[n].shape[e] * k  # type: ignore[misc]
        for other in numbers:
            yield from _with_number(code, name, each, other, names[other])
    yield from _of_two(dims)


def _moved(code: str, name: str, each: int, by: int) -> Iterator[_Rule]:
    sign = "+" if by > 0 else "-"
    yield f"{code} {sign} {abs(by)}", lambda given: given[name].shape[each] + by


def _with_number(code: str, name: str, each: int, other: str, shown: str) -> Iterator[_Rule]:
    yield f"{code} // {shown}", lambda given: given[name].shape[each] // given[other]
    yield f"{code} * {shown}", lambda given: given[name].shape[each] * given[other]
    yield f"{code} + {shown}", lambda given: given[name].shape[each] + given[other]
    yield f"{code} - {shown}", lambda given: given[name].shape[each] - given[other]
    yield f"{code} - {shown} + 1", lambda given: given[name].shape[each] - given[other] + 1


def _of_two(dims: Sequence[tuple[str, str, int]]) -> Iterator[_Rule]:
    for index, (code, name, each) in enumerate(dims):
        for code2, name2, each2 in dims[index:]:
            yield (
                f"{code} * {code2}",
                lambda g, n=name, e=each, m=name2, f=each2: g[n].shape[e] * g[m].shape[f],  # type: ignore[misc]
            )
            yield (
                f"{code} + {code2}",
                lambda g, n=name, e=each, m=name2, f=each2: g[n].shape[e] + g[m].shape[f],  # type: ignore[misc]
            )


def _depends_on_values(calls: Sequence[ObservedCall], index: int, axis: int) -> bool:
    """Whether calls with the same shapes gave results of other sizes."""
    by_shapes: dict[tuple[Any, ...], set[int]] = {}
    for call in calls:
        key = tuple(tuple(value.shape) for value in call.arguments.values() if isinstance(value, torch.Tensor))
        by_shapes.setdefault(key, set()).add(call.results[index].shape[axis])
    return any(len(sizes) > 1 for sizes in by_shapes.values())
