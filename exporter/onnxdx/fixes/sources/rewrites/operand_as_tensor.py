"""A number among the operands of control flow, as a tensor."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault

RULES = frozenset({"DX120"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The numbers in the tuple or list of operands."""
    node = fault.node
    if not isinstance(node, cst.Call) or not node.args or fault.sighting is None:
        return
    operands = node.args[-1].value
    if not isinstance(operands, (cst.Tuple, cst.List)):
        return
    torch, imports = fault.file.importing("torch")
    edits = []
    for element in operands.elements:
        code = fault.file.code(element.value)
        if isinstance(fault.sighting.value(code), (bool, int, float)):
            edits.append(fault.file.replace(element.value, f"{torch}.tensor({code})"))
    if edits:
        yield Candidate("Pass the number as a tensor", (*imports, *edits))
