"""Identities of results that survive unrelated edits: GitHub's line hash and our own key of an exported node."""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from onnxdx_diagnostics.finding import Finding

NODE_KEY = "exportNode/v1"
LINE_HASH = "primaryLocationLineHash"

_WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_WINDOW_FACTOR = pow(_BASE, _WINDOW, 1 << 64)
_END_OF_FILE = 0xFFFF

_MOVING = re.compile(r"(?:[^\s`'\"(]*[/\\])?([^\s`'\"(/\\]+\.py):\d+|\b([A-Za-z]\w*?)_\d+\b|\b([su])\d+\b")
"""What an unrelated edit changes in a message: the line of a file, the number of an FX node or of a symbolic size."""


def line_hashes(text: str) -> list[str]:
    """The `primaryLocationLineHash` of every line of `text`, as github/codeql-action computes it.

    A polynomial hash (base 37, modulo 2**64) of the 100 UTF-16 units from the start of the line; spaces and tabs do not
    count, every line end is LF, and after the last unit come 0xFFFF and zeros. `:n` tells equal hashes of a file apart.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    units = array("H", text.encode("utf-16-le", "surrogatepass"))
    starts = [0, *(position + 1 for position, unit in enumerate(units) if unit == 0x0A)]
    units.append(_END_OF_FILE)
    units.extend([0] * _WINDOW)
    prefix = list(accumulate(units, lambda value, unit: (value * _BASE + unit) & _MASK, initial=0))
    seen: Counter[int] = Counter()
    hashes = []
    for start in starts:
        value = (prefix[start + _WINDOW] - prefix[start] * _WINDOW_FACTOR) & _MASK
        seen[value] += 1
        hashes.append(f"{value:x}:{seen[value]}")
    return hashes


def identities(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The `exportNode/v1` of each finding of one report, in their order; no two are equal.

    Findings that agree in rule, module and subject are told apart by number, in the order of the source.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    keys: dict[int, str] = {}
    for index in in_source_order(findings):
        finding = findings[index]
        key = (finding.id, module_of(finding), subject(finding))
        seen[key] += 1
        keys[index] = node_key(*key, seen[key])
    return tuple(keys[index] for index in range(len(findings)))


def in_source_order(findings: Sequence[Finding]) -> Iterable[int]:
    """The positions of the findings, in the order in which they stand in the source."""

    def place(index: int) -> tuple[object, ...]:
        finding = findings[index]
        at = finding.site.location
        where = (at.path, at.line, at.column) if at else ("", 0, 0)
        return (*where, finding.message(), finding.site.fx_node)

    return sorted(range(len(findings)), key=place)


def module_of(finding: Finding) -> str:
    """The module that a finding is about; of equal faults in several, the first."""
    site = finding.site
    return site.module or (site.modules[0] if site.modules else "")


def subject(finding: Finding) -> str:
    """What a finding is about: the operator; where it knows none, what it says, without numbers that edits change."""
    return finding.site.op or _MOVING.sub(lambda found: found[1] or found[2] or found[3], finding.message())


def node_key(rule_id: str, module: str, op: str, ordinal: int) -> str:
    """The `exportNode/v1` of a finding: which rule, in which module, on which subject, and the how-manieth of those.

    No line number and no FX name goes in: both move with unrelated edits.
    """
    text = "\0".join((rule_id, module, op, str(ordinal)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
