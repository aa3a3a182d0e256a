"""Text that came from a model, a file or an exception, made safe to show: nothing in it acts on a terminal."""

from __future__ import annotations

import unicodedata

# Control, format (bidi, zero width), lone surrogates, line and paragraph separators.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """`text` on one line; characters that would act instead of show become their Python escapes."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def visible_lines(text: str) -> list[str]:
    """The lines of `text`, each made visible; tabs become four spaces."""
    return [visible(line.replace("\t", "    ")) for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")]


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ACTING:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
