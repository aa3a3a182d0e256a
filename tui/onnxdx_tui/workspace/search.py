"""What the user types to find rows: a part of the text, `!` for the rows without it, `~` for letters in that order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Filter:
    """A filter as it was typed. Capital letters count only where there are some."""

    text: str = ""

    def admits(self, text: str) -> bool:
        """Whether a row with this text is shown."""
        wanted = self.text.lstrip("!~") if self.text[:1] in ("!", "~") else self.text
        if not wanted:
            return True
        if wanted == wanted.lower():
            text = text.lower()
        if self.text.startswith("!"):
            return wanted not in text
        if self.text.startswith("~"):
            return in_order(wanted, text)
        return wanted in text

    @property
    def part(self) -> str:
        """The text that is looked for as it is; empty when it is inverted, or only its letters count."""
        return "" if self.text[:1] in ("!", "~") else self.text


def in_order(letters: str, text: str) -> bool:
    """Whether the letters are in the text in this order, with whatever between them."""
    at = -1
    for letter in letters:
        at = text.find(letter, at + 1)
        if at < 0:
            return False
    return True


class Matches:
    """The rows in which something is found, in order."""

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self.order = list(rows)
        self.rows = frozenset(self.order)

    def nearest(self, row: int, step: int) -> int | None:
        """The match at or after a row (step 0), the one after it (1) or before it (-1); around the end if need be."""
        if not self.order:
            return None
        if step < 0:
            return next((each for each in reversed(self.order) if each < row), self.order[-1])
        return next((each for each in self.order if each > row or (each == row and not step)), self.order[0])
