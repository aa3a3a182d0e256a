"""Names of ONNX values, nodes and functions: unique, readable, and equal for equal function bodies."""

from __future__ import annotations

import re


class Names:
    """Hands out names that are unique among those it has handed out."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def unique(self, wanted: str) -> str:
        """`wanted` itself, or with the first free number behind it."""
        if wanted not in self._next:
            self._next[wanted] = 1
            return wanted
        while True:
            candidate = f"{wanted}_{self._next[wanted]}"
            self._next[wanted] += 1
            if candidate not in self._next:
                self._next[candidate] = 1
                return candidate


def base_name(fx_name: str) -> str:
    """An FX node's name without the number that tells it from its like: "linear_7" and "linear" are both "linear"."""
    return re.sub(r"_\d+$", "", fx_name) or fx_name


def function_domain(class_name: str) -> str:
    """The domain of the functions of a package: "transformers.models.bert.BertLayer" is in "pkg.transformers"."""
    package = class_name.partition(".")[0]
    return f"pkg.{_identifier(package)}" if package else "pkg"


def function_name(class_name: str) -> str:
    """The name of a module class's function: its qualified name inside its module, as an identifier."""
    return _identifier(class_name.split("<locals>.")[-1].rpartition(".")[2] or class_name)


def operator_domain(operator: str) -> str:
    """The domain of the functions of a namespace of torch: that of "aten::add.Tensor" is "pkg.torch.ops.aten"."""
    return f"pkg.torch.ops.{_identifier(operator.partition('::')[0])}"


def operator_name(operator: str) -> str:
    """The name of an operator's function, with its overload: "aten::add.Tensor" is "add_Tensor"."""
    return _identifier(operator.partition("::")[2])


def _identifier(text: str) -> str:
    cleaned = re.sub(r"\W+", "_", text).strip("_")
    return cleaned or "module"
