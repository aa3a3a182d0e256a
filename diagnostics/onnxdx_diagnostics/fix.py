"""Fixes: what to change, how sure we are of it, and the edits that do it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

UNTRIED = "untried"
"""The provider of a fix that says why none was tried."""


class Applicability(enum.Enum):
    """How far a fix has been tried (promise P3).

    PROVEN: applied, re-exported, and the numbers agree with eager. PLAUSIBLE: applies and exports. MANUAL: text only.
    """

    PROVEN = "proven"
    PLAUSIBLE = "plausible"
    MANUAL = "manual"


@dataclass(frozen=True)
class Edit:
    """Replace the region [start, end) of `path` by `text`; 1-based lines and columns, an empty region inserts.

    A file that does not exist yet is empty: an insertion at its first line and column makes it.
    """

    path: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Fix:
    """One way to make a finding go away. `diff` is a unified diff for people; `edits` are the same change for tools.

    A MANUAL fix of a rule has neither: its `title` and `text` say what to do. `proof` says in one sentence what was
    tried and what came of it, `unproven` what was not, and why. `provider` names who tried it; a fix that comes from
    the rule alone, without a try, has none. `seen` are the digests of the files of `edits` as they were then.
    """

    title: str
    applicability: Applicability = Applicability.MANUAL
    text: str = ""
    diff: str = ""
    edits: tuple[Edit, ...] = ()
    proof: str = ""
    unproven: str = ""
    provider: str = ""
    seen: tuple[tuple[str, str], ...] = ()


def unfinished(why: str) -> Fix:
    """Says of a finding that fixes for it were not tried to the end."""
    return Fix(f"No fix was tried to the end ({why})", provider=UNTRIED)


def returning(operator: str) -> Fix:
    """The way out for an operator that writes into its arguments, as no ONNX operator does."""
    changed = f"Let `{operator}` return its result (`mutates_args=()`), and write it where it is called"
    return Fix(f"{changed}; an ONNX function can then stand for it.")
