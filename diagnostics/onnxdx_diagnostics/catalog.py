"""The rules, found in `rules/` and not listed: one module `dxNNN_fault_name.py` holds one subclass of Finding."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil

from onnxdx_diagnostics import rules
from onnxdx_diagnostics.finding import Finding

STAGES = {
    "1": "capture",
    "2": "decompose",
    "3": "dispatch",
    "4": "translate",
    "5": "validate",
    "6": "verify",
    "7": "options",
    "8": "process",
    "9": "internal",
}


class UnknownRule(KeyError):
    """No rule has this id. `nearest` are ids that look like it."""

    def __init__(self, rule_id: str, nearest: tuple[str, ...]) -> None:
        super().__init__(rule_id)
        self.rule_id = rule_id
        self.nearest = nearest

    def __str__(self) -> str:
        hint = f"; did you mean {', '.join(self.nearest)}?" if self.nearest else ""
        return f"no rule {self.rule_id!r}{hint}"


@functools.cache
def modules() -> dict[str, str]:
    """Rule id -> module name, from the file names alone: no rule is imported."""
    names = sorted(info.name for info in pkgutil.iter_modules(rules.__path__) if info.name.startswith("dx"))
    return {name.split("_", 1)[0].upper(): name for name in names}


def ids() -> tuple[str, ...]:
    """All rule ids, in order."""
    return tuple(modules())


@functools.cache
def rule(rule_id: str) -> type[Finding]:
    """The rule with this id or name (`DX301`, `dx301`, `no-onnx-function`). Raises UnknownRule."""
    by_name = {name.split("_", 1)[1].replace("_", "-"): key for key, name in modules().items()}
    key = by_name.get(rule_id.lower(), rule_id.upper())
    if key not in modules():
        known = [*modules(), *by_name]
        nearest = difflib.get_close_matches(rule_id.upper(), known, 3) + difflib.get_close_matches(
            rule_id.lower(), known, 3
        )
        raise UnknownRule(rule_id, tuple(dict.fromkeys(nearest)))
    module = importlib.import_module(f"{rules.__name__}.{modules()[key]}")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Finding) and value.__module__ == module.__name__
    )
    return found


def all_rules() -> tuple[type[Finding], ...]:
    """Every rule, by id."""
    return tuple(rule(rule_id) for rule_id in ids())


def stage(rule_id: str) -> str:
    """The pass a rule belongs to, by the first digit of its id (DESIGN: DX1xx capture, DX2xx decomposition, ...)."""
    return STAGES[rule_id[2]]
