"""An input that torch.export takes only as a tensor: a NumPy array, or a number whose value is not to be fixed."""

from __future__ import annotations

from collections.abc import Iterator

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.target_code import target_code

RULES = frozenset({"DX108", "DX118"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The sample input as a tensor, where the target gives it."""
    facts = fault.finding.facts()
    is_array = facts.get("type_name") == "ndarray"
    if fault.finding.id == "DX108" and not is_array:
        return
    target = target_code(fault)
    name = str(facts["input"])
    argument = target.argument(fault, name) if target is not None else None
    if target is None or argument is None:
        return
    torch, imports = target.file.importing("torch")
    function = "as_tensor" if is_array else "tensor"
    code = f"{torch}.{function}({target.file.code(argument)})"
    yield Candidate(f"Pass `{name}` as a tensor", (*imports, target.file.replace(argument, code)))
