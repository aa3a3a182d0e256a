"""The styles that lines name, in the colours of the theme; where there is no colour, in bold, underline and reverse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.style import Style
from textual.color import Color

if TYPE_CHECKING:
    from textual.app import App

PLAIN_THEME = "ansi-dark"
"""The theme that sends no colours of its own to the terminal."""

_LEAST_CONTRAST = 4.5
_FROM = {
    "error": "error",
    "warning": "warning",
    "note": "primary",
    "good": "success",
    "accent": "accent",
    "add": "success",
    "remove": "error",
    "lane": "secondary",
    "value": "secondary",
    "keyword": "primary",
    "string": "success",
    "number": "accent",
    "function": "warning",
}
_BOLD = frozenset({"error", "title", "key"})
_NAMES = (*_FROM, "", "dim", "comment", "title", "key", "bold", "focused", "cursor", "found", "caret")


class Styles(Mapping[str, Style]):
    """The styles by name for one theme."""

    _known: tuple[str, Styles] | None = None

    def __init__(self, variables: Mapping[str, str], *, plain: bool) -> None:
        self._styles = _plain() if plain else _coloured(variables)

    @staticmethod
    def of(app: App[object]) -> Styles:
        """The styles of the app's theme."""
        theme = app.theme
        if Styles._known is None or Styles._known[0] != theme:
            Styles._known = (theme, Styles(app.theme_variables, plain=theme.startswith("ansi")))
        return Styles._known[1]

    def __getitem__(self, name: str) -> Style:
        return self._styles[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._styles)

    def __len__(self) -> int:
        return len(self._styles)


def _plain() -> dict[str, Style]:
    styles = {name: Style() for name in _NAMES}
    styles |= {name: Style(bold=True) for name in ("error", "warning", "title", "key", "bold", "keyword", "caret")}
    styles |= {name: Style(dim=True) for name in ("dim", "comment", "lane")}
    styles["focused"] = Style(reverse=True)
    styles["cursor"] = Style(underline=True)
    styles["found"] = Style(bold=True, underline=True)
    return styles


def _coloured(variables: Mapping[str, str]) -> dict[str, Style]:
    background = Color.parse(variables["background"])
    foreground = Color.parse(variables["foreground"])
    focused = background.blend(Color.parse(variables["primary"]), 0.35)
    cursor = background.blend(foreground, 0.12)
    grounds = (background, focused, cursor)

    def readable(colour: Color, bold: bool = False) -> Style:
        white = Color.parse("white") if background.brightness < 0.5 else Color.parse("black")
        for step in range(21):
            mixed = colour.blend(white, step / 20)
            if min(contrast(mixed, ground) for ground in grounds) >= _LEAST_CONTRAST:
                break
        return Style(color=mixed.rich_color, bold=bold or None)

    styles = {name: readable(Color.parse(variables[source]), name in _BOLD) for name, source in _FROM.items()}
    dim = readable(foreground.blend(background, 0.45))
    styles |= {
        "": readable(foreground),
        "dim": dim,
        "comment": dim,
        "title": readable(foreground, bold=True),
        "bold": readable(foreground, bold=True),
        "key": readable(Color.parse(variables["accent"]), bold=True),
        "caret": readable(Color.parse(variables["error"]), bold=True),
        "focused": Style(bgcolor=focused.rich_color),
        "cursor": Style(bgcolor=cursor.rich_color),
        "found": Style(bold=True, underline=True) + readable(Color.parse(variables["accent"])),
    }
    return styles


def contrast(first: Color, second: Color) -> float:
    """The contrast of two colours as WCAG 2 defines it."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.03928 else float(((channel + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(channel / 255) for channel in (colour.r, colour.g, colour.b))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
