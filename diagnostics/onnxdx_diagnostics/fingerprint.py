"""Identities of results that survive unrelated edits: GitHub's line hash and our own key of an exported node."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from itertools import accumulate

NODE_KEY = "exportNode/v1"
LINE_HASH = "primaryLocationLineHash"

_WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_WINDOW_FACTOR = pow(_BASE, _WINDOW, 1 << 64)
_END_OF_FILE = 0xFFFF


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


def node_key(rule_id: str, module: str, op: str, ordinal: int) -> str:
    """The `exportNode/v1` of a finding: which rule, in which module, on which operator, and the how-manieth of those.

    Where there is no operator, `op` is what the finding says. No line number and no FX name goes in: both move with
    unrelated edits.
    """
    text = "\0".join((rule_id, module, op, str(ordinal)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
