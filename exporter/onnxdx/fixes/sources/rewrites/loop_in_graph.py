"""A loop that goes on by data as `torch.while_loop`: what a turn changes is carried from turn to turn."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

import libcst as cst
import torch as t

from onnxdx.fixes.sources import names
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import descendants, statements_of
from onnxdx.fixes.sources.tensor_test import tensor_test, without_numbers

RULES = frozenset({"DX101", "DX102"})
TITLE = "Make the loop part of the graph with `torch.while_loop`"


def candidates(fault: Fault) -> Iterator[Candidate]:
    """A `while`, or a `for` over a `range` that a tensor counts; nothing in it may leave the loop."""
    loop = _loop(fault)
    torch, imports = fault.file.importing("torch")
    if loop is None or loop.orelse is not None or names.leaves([loop.body]) or fault.sighting is None:
        return
    if fault.file.has_long_strings([loop]):
        return
    text = _while(fault, loop, torch) if isinstance(loop, cst.While) else _counted(fault, loop, torch)
    if text:
        yield Candidate(TITLE, (*imports, fault.file.replace_statements(loop, loop, text)))


def _loop(fault: Fault) -> cst.While | cst.For | None:
    """The loop whose head the finding stands on."""
    node = fault.node
    if node is None:
        return None
    for parent in (node, *fault.file.parents(node)):
        if isinstance(parent, cst.While):
            inside = node in descendants(parent.test)
            return parent if inside else None
        if isinstance(parent, cst.For):
            return parent if node in descendants(parent.iter) else None
        if isinstance(parent, cst.BaseStatement):
            return None
    return None


def _while(fault: Fault, loop: cst.While, torch: str) -> str:
    test = tensor_test(fault, loop.test, torch)
    carried = _carried(fault, loop.body)
    if test is None or not carried:
        return ""
    return _text(fault, loop.body, carried, [_start(fault, name, torch) for name in carried], test.code, torch)


def _counted(fault: Fault, loop: cst.For, torch: str) -> str:
    """`for turn in range(count)` with the turn as a tensor that is carried too."""
    call = loop.iter
    if not (isinstance(call, cst.Call) and fault.file.code(call.func) == "range" and len(call.args) == 1):
        return ""
    count = without_numbers(fault, call.args[0].value)
    if count is None or not isinstance(loop.target, cst.Name):
        return ""
    turn = loop.target.value if loop.target.value != "_" else "turn"
    if turn in _used_after(fault, loop) or (loop.target.value == "_" and _is_used(fault, "turn")):
        return ""
    body = _selected(fault, loop.body, turn)
    carried = [name for name in _carried(fault, loop.body) if name != turn]
    if body is None or not carried:
        return ""
    head = "" if re.fullmatch(r"[\w.]+", count) else f"turns = {count}\n\n"
    if head and _is_used(fault, "turns"):
        return ""
    test = f"{turn} < {'turns' if head else count}"
    starts = [f"{torch}.zeros((), dtype={torch}.int64)", *(_start(fault, name, torch) for name in carried)]
    return head + _text(fault, loop.body, [turn, *carried], starts, test, torch, body, {turn: f"{turn} + 1"})


def _text(
    fault: Fault,
    block: cst.BaseSuite,
    carried: Sequence[str],
    starts: Sequence[str],
    test: str,
    torch: str,
    body: str = "",
    results: dict[str, str] | None = None,
) -> str:
    goes_on, step = _function_names(fault)
    parameters = ", ".join(carried)
    given = ", ".join((results or {}).get(name, name) for name in carried)
    left = ", ".join("_" if results and name in results else name for name in carried)
    text = fault.file.new_tensors([block], body or fault.file.block_text(list(block.body)))
    lines = textwrap.indent(text, "    ")
    comma = "," if len(carried) == 1 else ""
    if comma:
        given, left = f"({given},)", f"({left},)"
    return (
        f"def {goes_on}({parameters}):\n    return {test}\n\n"
        f"def {step}({parameters}):\n{lines}\n    return {given}\n\n"
        f"{left} = {torch}.while_loop({goes_on}, {step}, ({', '.join(starts)}{comma}))"
    )


def _carried(fault: Fault, block: cst.BaseSuite) -> list[str]:
    """What a turn writes and had a value before the loop: the rest lives for one turn only."""
    known = fault.sighting.names if fault.sighting is not None else {}
    return [name for name in names.writes([block]) if name in known]


def _start(fault: Fault, name: str, torch: str) -> str:
    value = fault.sighting.names.get(name) if fault.sighting is not None else None
    return name if isinstance(value, t.Tensor) else f"{torch}.tensor({name})"


def _selected(fault: Fault, block: cst.IndentedBlock | cst.BaseSuite, turn: str) -> str | None:
    """The lines of a turn, in which the turn picks by a tensor: `x[:, turn]` by `index_select`."""
    text = fault.file.block_text(list(block.body))
    for node in descendants(block):
        if not isinstance(node, cst.Subscript) or turn not in names.reads(node.slice):
            continue
        axis = next((n for n, each in enumerate(node.slice) if fault.file.code(each.slice) == turn), None)
        others = [fault.file.code(each.slice) for n, each in enumerate(node.slice) if n != axis]
        if axis is None or any(other != ":" for other in others):
            return None
        value = fault.file.code(node.value)
        text = text.replace(fault.file.code(node), f"{value}.index_select({axis}, {turn}.reshape(1)).squeeze({axis})")
    return text


def _used_after(fault: Fault, loop: cst.For) -> list[str]:
    following = fault.file.following(loop)
    return names.reads(statements_of(following)) if following else []


def _is_used(fault: Fault, name: str) -> bool:
    return any(node.value == name for node in fault.file.nodes(cst.Name))


def _function_names(fault: Fault) -> tuple[str, str]:
    for number in ("", *(f"_{number}" for number in range(2, 99))):
        pair = f"goes_on{number}", f"step{number}"
        if not any(_is_used(fault, name) for name in pair):
            return pair
    return "goes_on", "step"
