"""How rules about checkpoints name weights: the first few of many, and how many more there are."""

from __future__ import annotations

_MOST = 3


def told(names: tuple[str, ...]) -> str:
    """Names in running text: "`a.weight`, `a.bias` and 12 more"."""
    shown = [f"`{name}`" for name in names[:_MOST]]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def listed(rows: tuple[str, ...]) -> str:
    """Rows of what is wrong with each: "`a.weight: [4], not [2]`; and 12 more"."""
    shown = [f"`{row}`" for row in rows[:_MOST]]
    more = len(rows) - len(shown)
    return "; ".join([*shown, *([f"and {more} more"] if more else [])])
