"""Colours: readable in every theme, and none where none is wanted."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from onnxdx_tui.workspace.state import THEMES
from onnxdx_tui.workspace.styles import PLAIN_THEME, Styles, contrast


@pytest.mark.parametrize("name", [theme for theme in THEMES if theme != PLAIN_THEME])
def test_every_style_can_be_read_in_every_theme(name: str) -> None:
    variables = BUILTIN_THEMES[name].to_color_system().generate()
    styles = Styles(variables, plain=False)
    background = Color.parse(variables["background"])

    poor = {
        style: round(contrast(Color.from_rich_color(styles[style].color), background), 1)
        for style in styles
        if styles[style].color is not None and contrast(Color.from_rich_color(styles[style].color), background) < 4.5
    }

    assert poor == {}


def test_the_plain_theme_has_no_colours() -> None:
    styles = Styles({}, plain=True)

    assert [name for name in styles if styles[name].color or styles[name].bgcolor] == []
