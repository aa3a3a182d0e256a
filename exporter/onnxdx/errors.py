"""Foreign errors in one line, as findings quote them."""

from __future__ import annotations


def first_line(error: BaseException) -> str:
    """The first line of what an error says; its type when it says nothing."""
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
