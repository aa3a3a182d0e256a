"""The test of a decision as one tensor: without Python's `and`, `not` and numbers taken out of tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import libcst as cst
import torch

from onnxdx.fixes.sources.fault import Fault
from onnxdx.fixes.sources.names import targets_of
from onnxdx.fixes.sources.sighting import Sighting, Unknown

_FUNCTIONS = {"equal": "eq", "allclose": "isclose"}
_TAKERS = ("item", "tolist", "__bool__")
_OF_MATH = ("isnan", "isinf", "isfinite")


@dataclass(frozen=True)
class TensorTest:
    """Code that gives the truth of a test as a tensor of one element and dtype bool.

    `is_plain` says that the code is the test as it was written.
    """

    code: str
    is_plain: bool


def tensor_test(fault: Fault, test: cst.BaseExpression, torch_name: str) -> TensorTest | None:
    """The test as a tensor; None when it is none, as far as the sample inputs tell."""
    made = _Maker(fault, torch_name, fault.sighting)
    code = made.truth(test)
    if code is None:
        return None
    return TensorTest(code, code == fault.file.code(test))


def without_numbers(fault: Fault, node: cst.BaseExpression) -> str | None:
    """An expression in which no number is taken out of a tensor; None when it is no tensor then."""
    code = _Maker(fault, "torch", fault.sighting).tensor(node)
    value = fault.sighting.value(code) if fault.sighting is not None else None
    return code if isinstance(value, torch.Tensor) else None


@dataclass(frozen=True)
class _Maker:
    fault: Fault
    torch: str
    sighting: Sighting | None

    def code(self, node: cst.CSTNode) -> str:
        return self.fault.file.code(node)

    def value(self, code: str) -> Any:
        return self.sighting.value(code) if self.sighting is not None else Unknown("not reached")

    def truth(self, node: cst.BaseExpression) -> str | None:
        """The truth of an expression as a tensor of no dimensions."""
        match node:
            case cst.BooleanOperation():
                return self._joined(node)
            case cst.UnaryOperation(operator=cst.Not()):
                inner = self.truth(node.expression)
                return f"{self.torch}.logical_not({inner})" if inner is not None else None
            case cst.Comparison() if len(node.comparisons) > 1:
                return self._chain(node)
            case cst.Call():
                called = self._call(node)
                if called is not None:
                    return self._one_flag(called)
        return self._one_flag(self.tensor(node))

    def tensor(self, node: cst.BaseExpression) -> str:
        """The code of an expression in which no number is taken out of a tensor any more."""
        code = self.code(node)
        for part in self._takers(node):
            taken = part.func.value if isinstance(part.func, cst.Attribute) else part.args[0].value
            inner = self.code(taken)
            value = self.value(inner)
            if isinstance(value, torch.Tensor) or (self.sighting is None and isinstance(value, Unknown)):
                whole = isinstance(part.func, cst.Name) and part.func.value == "int"
                if whole and (not isinstance(value, torch.Tensor) or value.is_floating_point()):
                    inner = f"{inner}.long()"
                bare = part is node or isinstance(taken, (cst.Name, cst.Call, cst.Attribute, cst.Subscript)) or whole
                code = code.replace(self.code(part), inner if bare else f"({inner})")
        return code

    def _takers(self, node: cst.BaseExpression) -> list[cst.Call]:
        found = []
        for part in _walk(node):
            if not isinstance(part, cst.Call):
                continue
            if isinstance(part.func, cst.Attribute) and part.func.attr.value in _TAKERS and not part.args:
                found.append(part)
            if isinstance(part.func, cst.Name) and part.func.value in ("float", "int", "bool") and len(part.args) == 1:
                found.append(part)
        return found

    def _call(self, node: cst.Call) -> str | None:
        """A function of torch or Python that answers in Python, as one that answers in a tensor."""
        name = node.func.attr.value if isinstance(node.func, cst.Attribute) else getattr(node.func, "value", "")
        owner = self.code(node.func.value) if isinstance(node.func, cst.Attribute) else ""
        arguments = ", ".join(
            self.code(argument.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for argument in node.args
        )
        if name in _FUNCTIONS and owner in (self.torch, "torch"):
            return f"{self.torch}.{_FUNCTIONS[name]}({arguments}).all()"
        if name in _FUNCTIONS and owner and isinstance(self.value(owner), torch.Tensor):
            return f"{self.torch}.{_FUNCTIONS[name]}({owner}, {arguments}).all()"
        if name in ("any", "all") and not owner and len(node.args) == 1:
            if isinstance(node.args[0].value, (cst.GeneratorExp, cst.ListComp)):
                return self._over(node.args[0].value, name)
            inner = self.tensor(node.args[0].value)
            return f"({inner}).{name}()" if isinstance(self.value(inner), torch.Tensor) else None
        if name in _OF_MATH and owner in ("math", "np", "numpy") and len(node.args) == 1:
            inner = self.tensor(node.args[0].value)
            return f"{self.torch}.{name}({inner})" if isinstance(self.value(inner), torch.Tensor) else None
        return None

    def _over(self, node: cst.GeneratorExp | cst.ListComp, name: str) -> str | None:
        """`any` and `all` of the truths that a comprehension gives, as one of all of them together."""
        bound, clause = list(targets_of(node)), self.code(node.for_in).strip()
        rows = self.value(f"[({', '.join(bound)},) {clause}]")
        if self.sighting is None or not isinstance(rows, list) or not rows:
            return None
        first = self.sighting.with_names(dict(zip(bound, rows[0], strict=True)))
        flag = replace(self, sighting=first).truth(node.elt)
        return f"{self.torch}.stack([{flag} {clause}]).{name}()" if flag is not None else None

    def _joined(self, node: cst.BooleanOperation) -> str | None:
        """`and` and `or`; an operand that Python knows by itself still keeps the other from being computed."""
        both = isinstance(node.operator, cst.And)
        left, right = self.truth(node.left), self.truth(node.right)
        if left is not None and right is not None:
            return f"{self.torch}.logical_{'and' if both else 'or'}({left}, {right})"
        if right is not None and left is None:
            known = self.code(node.left)
            if both:
                return f"({right} if {known} else {self.torch}.tensor(False))"
            return f"({self.torch}.tensor(True) if {known} else {right})"
        if left is not None:
            right_code = self.code(node.right)
            is_bool = isinstance(node.right, cst.Comparison)
            known = f"{self.torch}.tensor({right_code if is_bool else f'bool({right_code})'})"
            return f"{self.torch}.logical_{'and' if both else 'or'}({left}, {known})"
        return None

    def _chain(self, node: cst.Comparison) -> str | None:
        """`a < b < c` as two comparisons."""
        left, parts = node.left, []
        for part in node.comparisons:
            single = cst.Comparison(left, [part])
            code = self._one_flag(self.tensor(single))
            if code is None:
                return None
            parts.append(code)
            left = part.comparator
        joined = parts[0]
        for part_code in parts[1:]:
            joined = f"{self.torch}.logical_and({joined}, {part_code})"
        return joined

    def _one_flag(self, code: str) -> str | None:
        """A value as a bool tensor without dimensions; None when it is no tensor of one element."""
        value = self.value(code)
        if isinstance(value, Unknown) and self.sighting is None:
            return code
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            return None
        if value.dtype is not torch.bool:
            code = f"({code} != 0)"
        return code if value.ndim == 0 else f"{_bare(code)}.reshape(())"


def _bare(code: str) -> str:
    try:
        simple = isinstance(cst.parse_expression(code), (cst.Name, cst.Call, cst.Attribute, cst.Subscript))
    except cst.ParserSyntaxError:
        simple = False
    return code if simple or code.startswith("(") else f"({code})"


def _walk(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The node and all in it, the innermost last."""
    found = [node]
    for each in found:
        found += each.children
    return found
