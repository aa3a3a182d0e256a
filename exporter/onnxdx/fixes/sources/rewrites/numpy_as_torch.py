"""NumPy on tensors as torch: the same functions under torch's names, without the way there and back."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import SourceFile

RULES = frozenset({"DX102", "DX104", "DX110"})
TITLE = "Compute it by torch"
_THERE = frozenset({"numpy", "detach", "cpu", "tolist"})
_BACK = frozenset({"from_numpy", "tensor", "as_tensor", "asarray"})
_RENAMED = {
    "power": "pow", "absolute": "abs", "arctan": "atan", "arcsin": "asin", "arccos": "acos", "arctan2": "atan2",
    "concatenate": "cat", "clip": "clamp", "matmul": "matmul", "dot": "matmul", "expand_dims": "unsqueeze",
    "vstack": "vstack", "hstack": "hstack", "repeat": "repeat_interleave", "tile": "tile", "cumsum": "cumsum",
}  # fmt: skip
_KEYWORDS = {"axis": "dim", "keepdims": "keepdim", "a_min": "min", "a_max": "max"}
_DTYPES = {"float32": "float", "float64": "double", "int64": "long", "int32": "int", "bool": "bool", "float16": "half"}


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The statement of the finding; in one about sizes, products by `math.prod`."""
    statement = fault.statement
    if not isinstance(statement, cst.SimpleStatementLine):
        return
    torch, imports = fault.file.importing("torch")
    numpy = fault.file.imports("numpy")
    for made in (_Sizes(fault.file, numpy), _Torch(fault.file, numpy, torch)):
        changed = statement.visit(made)
        if not made.count or not isinstance(changed, cst.SimpleStatementLine):
            continue
        added = (fault.file.add_import("import math"),) if made.needs_math and not fault.file.imports("math") else ()
        for small, new in zip(statement.body, changed.body, strict=True):
            code = fault.file.code(new)
            if code != fault.file.code(small):
                yield Candidate(TITLE, (*imports, *added, fault.file.replace(small, code)))


class _Counting(cst.CSTTransformer):
    """Counts what it has changed."""

    needs_math = False

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def changed(self, node: cst.BaseExpression) -> cst.BaseExpression:
        self.count += 1
        return node


class _Sizes(_Counting):
    """`int(np.prod(sizes))` as `math.prod(sizes)`, which keeps a size that is not known yet."""

    def __init__(self, file: SourceFile, numpy: str) -> None:
        super().__init__()
        self._file, self._numpy = file, numpy

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        function = self._file.code(original_node.func)
        if self._numpy and function == f"{self._numpy}.prod" and len(original_node.args) == 1:
            self.needs_math = True
            return self.changed(updated_node.with_changes(func=cst.parse_expression("math.prod")))
        if function == "int" and self.count and len(updated_node.args) == 1:
            return updated_node.args[0].value
        return updated_node


class _Torch(_Counting):
    """`torch.from_numpy(np.f(x.numpy()))` as `torch.f(x)`."""

    def __init__(self, file: SourceFile, numpy: str, torch: str) -> None:
        super().__init__()
        self._file, self._numpy, self._torch = file, numpy, torch

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        func = updated_node.func
        if not isinstance(func, cst.Attribute):
            return updated_node
        name, owner = func.attr.value, self._file.module.code_for_node(func.value)
        if name in _THERE and not updated_node.args and owner != self._torch:
            return self.changed(func.value) if name in ("numpy", "tolist") else updated_node
        if owner == self._torch and name in _BACK and self.count and updated_node.args:
            return updated_node.args[0].value
        if name == "astype" and len(updated_node.args) == 1:
            dtype = self._file.module.code_for_node(updated_node.args[0].value).strip("\"'").rpartition(".")[2]
            if dtype in _DTYPES:
                return self.changed(cst.Call(cst.Attribute(func.value, cst.Name(_DTYPES[dtype]))))
        if self._numpy and owner == self._numpy:
            return self.changed(self._renamed(updated_node, name))
        return updated_node

    def _renamed(self, node: cst.Call, name: str) -> cst.Call:
        arguments = []
        for each in node.args:
            keyword = _KEYWORDS.get(each.keyword.value) if each.keyword is not None else None
            arguments.append(each.with_changes(keyword=cst.Name(keyword)) if keyword else each)
        function = cst.parse_expression(f"{self._torch}.{_RENAMED.get(name, name)}")
        return node.with_changes(func=function, args=arguments)
