"""Rewrites of the user's source, one module for each: found, not listed.

A rewrite is a module of this folder with two names: `RULES`, the ids of the rules that it speaks to, and
`candidates(fault)`, which yields changes that may help, the best first. Whether they do is tried elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Protocol

from onnxdx.fixes.sources.fault import Candidate, Fault


class Rewrite(Protocol):
    """A module of this folder."""

    RULES: frozenset[str]

    def candidates(self, fault: Fault) -> Iterator[Candidate]:
        """Changes for a fault of one of `RULES`."""
        ...


def found() -> list[tuple[str, Rewrite]]:
    """All rewrites with their names."""
    rewrites = []
    for info in pkgutil.iter_modules(__path__):
        rewrite: Rewrite = importlib.import_module(f"{__name__}.{info.name}")
        rewrites.append((info.name, rewrite))
    return rewrites
