"""The value that is one of two, as code: `torch.where` at each place where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst
import torch

from onnxdx.fixes.sources.fault import Fault
from onnxdx.fixes.sources.sighting import Unknown


@dataclass(frozen=True)
class Chooser:
    """Writes choices under one name of torch. `fault` tells what expressions give on the sample inputs."""

    fault: Fault
    torch: str

    def chosen(self, test: str, then: cst.BaseExpression, other: cst.BaseExpression | str) -> str | None:
        """The code of one of two values; None when they do not fit, as far as the sample inputs tell."""
        if isinstance(other, cst.BaseExpression):
            merged = self._parts(test, then, other)
            if merged is not None:
                return merged
        return self.of_codes(test, self.code(then), other if isinstance(other, str) else self.code(other))

    def of_codes(self, test: str, then: str, other: str) -> str | None:
        """The same of two pieces of code, which are not taken apart."""
        if then == other:
            return then
        if not self._fit(then, other):
            return None
        return f"{self.torch}.where({test}, {then}, {other})"

    def code(self, node: cst.CSTNode) -> str:
        """The node as it is written."""
        return self.fault.file.code(node)

    def _parts(self, test: str, then: cst.BaseExpression, other: cst.BaseExpression) -> str | None:
        """Two displays of the same structure, or two calls of the same function, with the choice inside."""
        match then, other:
            case cst.Tuple(), cst.Tuple() if len(then.elements) == len(other.elements):
                inner = self._elements(test, then.elements, other.elements)
                return f"({inner}{',' if len(then.elements) == 1 else ''})" if inner else None
            case cst.List(), cst.List() if len(then.elements) == len(other.elements):
                inner = self._elements(test, then.elements, other.elements)
                return f"[{inner}]" if inner else None
            case cst.Dict(), cst.Dict() if self._keys(then) == self._keys(other) and self._keys(then):
                values = {}
                for key, left, right in zip(self._keys(then), then.elements, other.elements, strict=True):
                    values[key] = self.chosen(test, left.value, right.value)
                if any(value is None for value in values.values()):
                    return None
                return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"
        return None

    def _elements(self, test: str, then: Sequence[cst.BaseElement], other: Sequence[cst.BaseElement]) -> str:
        items = [self.chosen(test, one.value, two.value) for one, two in zip(then, other, strict=True)]
        return "" if None in items else ", ".join(filter(None, items))

    def _keys(self, node: cst.Dict) -> list[str]:
        keys = [self.code(element.key) for element in node.elements if isinstance(element, cst.DictElement)]
        return keys if len(keys) == len(node.elements) else []

    def _fit(self, then: str, other: str) -> bool:
        sighting = self.fault.sighting
        if sighting is None:
            return True
        one, two = sighting.value(then), sighting.value(other)
        if isinstance(one, Unknown) or isinstance(two, Unknown):
            return False
        if isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor):
            return one.shape == two.shape and one.dtype == two.dtype
        return _is_value(one) and _is_value(two)


def _is_value(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, int, float)) and not isinstance(value, bool)
