"""Objects of sarif-om as JSON-ready data, without the absolute paths that their texts may hold."""

from __future__ import annotations

import functools
import os
import re
from typing import Any

import attr
import sarif_om as om

Json = dict[str, Any]

OURS = "onnxdx"
"""The key of a property bag under which our own properties stand."""

# A reader takes an absent one from elsewhere: `level` from the rule, `kind` from the tool.
_ALWAYS = frozenset({"level", "kind", "enabled", "importance"})


class Scrub:
    """Takes absolute paths out of texts: the project root, installed packages, the home of the user."""

    def __init__(self, root: str) -> None:
        home = os.path.expanduser("~")
        prefixes = {root.rstrip("/\\"): "", (home if home not in ("/", "~") else ""): "~/"}
        self._prefixes = [(f"{prefix}{sep}", to) for prefix, to in prefixes.items() if prefix for sep in ("/", "\\")]
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """`text` without them. The same few texts come again and again, so they are remembered."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._clean(text)
        return known

    def _clean(self, text: str) -> str:
        if "-packages/" in text:
            text = re.sub(r"(?:[A-Za-z]:)?/[^\s'\"`()]*?/(?:site|dist)-packages/", "", text)
        for prefix, replacement in self._prefixes:
            if prefix in text:
                text = text.replace(prefix, replacement)
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(value: Any, scrub: Scrub) -> Any:
    """sarif-om objects as JSON-ready data. Absent and default values go, but never a level, kind or rank of meaning."""
    kind = type(value)
    if kind is str:
        return scrub(value)
    if value is None or kind in (int, float, bool):
        return value
    if kind in (list, tuple):
        return [plain(item, scrub) for item in value]
    if kind is dict:
        return {scrub(key): plain(item, scrub) for key, item in value.items()}
    said = {}
    for name, key, default in _table(kind.__name__):
        item = getattr(value, name)
        if item is not None and (key in _ALWAYS or item != default):
            said[key] = plain(item, scrub)
    return said


@functools.cache
def _table(kind: str) -> tuple[tuple[str, str, object], ...]:
    """(attribute, name in the schema, default) of the fields of a class of sarif-om."""
    return tuple(
        (item.name, item.metadata["schema_property_name"], None if callable(item.default) else item.default)
        for item in attr.fields(getattr(om, kind))
    )
