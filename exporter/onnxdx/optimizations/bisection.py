"""Which of several steps is the first to make something wrong, in as few trials as halving takes."""

from __future__ import annotations

from collections.abc import Callable


def first_wrong(count: int, is_right: Callable[[int], bool]) -> int | None:
    """The position of the step after which it is wrong, when it is right before it; None when it is wrong before all.

    `is_right` tells of the first so many steps; with all `count` of them it is known to be wrong.
    """
    if not is_right(0):
        return None
    right, wrong = 0, count
    while wrong - right > 1:
        middle = (right + wrong) // 2
        if is_right(middle):
            right = middle
        else:
            wrong = middle
    return right
