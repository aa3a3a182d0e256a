"""A tensor that the model keeps in an attribute, as a buffer: an input and an output of the ONNX model."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault

RULES = frozenset({"DX201", "DX415"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The assignment in `__init__` becomes `register_buffer`."""
    facts = fault.finding.facts()
    named = facts.get("attributes") or re.findall(r"Constant (\w+) is mutated", str(facts.get("reason", "")))
    for path in named if isinstance(named, (list, tuple)) else ():
        name = str(path).rpartition(".")[2]
        for assign in fault.file.nodes(cst.Assign):
            target = assign.targets[0].target
            function = fault.file.around(assign, cst.FunctionDef)
            if fault.file.code(target) != f"self.{name}" or function is None or function.name.value != "__init__":
                continue
            code = f'self.register_buffer("{name}", {fault.file.code(assign.value)}, persistent=False)'
            yield Candidate(f"Make `{name}` a buffer", (fault.file.replace(assign, code),), cost=1)
