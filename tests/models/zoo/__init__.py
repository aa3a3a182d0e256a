"""A catalogue of small models, one module per family. An entry is any `Entry` that a module of this package defines."""

from __future__ import annotations

import fnmatch
import importlib
import os
import pkgutil

from zoo.entry import Entry, Sample

__all__ = ["Entry", "Sample", "entries", "named"]

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def entries(pattern: str = "*") -> tuple[Entry, ...]:
    """The entries whose name or family matches the glob `pattern` (or one of several, separated by commas)."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Entry)]
    wanted = pattern.split(",")
    return tuple(one for one in found if any(_matches(one, glob) for glob in wanted))


def named(name: str) -> Entry:
    """The entry of exactly this name."""
    return next(one for one in entries() if one.name == name)


def _matches(one: Entry, glob: str) -> bool:
    return fnmatch.fnmatch(one.name, glob) or fnmatch.fnmatch(one.family, glob)
