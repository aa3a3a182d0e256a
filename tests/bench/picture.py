"""Pictures of time against depth, as SVG: both axes logarithmic, one line for each series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 360, 64, 150, 36, 44
_COLOURS = ("#c0392b", "#1f5fa8", "#2e8b57", "#8e6bbf")
Series = Mapping[str, Sequence[tuple[float, float]]]
"""The points of each series, by its name."""


def drawn(title: str, series: Series, x_label: str, y_label: str) -> str:
    """The picture. Points that are not above zero have no place on a logarithmic axis and are left out."""
    kept = {name: [(x, y) for x, y in points if x > 0 and y > 0] for name, points in series.items()}
    xs = [x for points in kept.values() for x, _ in points] or [1.0]
    ys = [y for points in kept.values() for _, y in points] or [1.0]
    across = _Axis(min(xs), max(xs), _LEFT, _WIDTH - _RIGHT)
    up = _Axis(10 ** math.floor(math.log10(min(ys))), 10 ** math.ceil(math.log10(max(ys))), _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 14, title, size=14),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, x_label, anchor="middle"),
        _text(8, _TOP - 8, y_label),
    ]
    for x in sorted(set(xs)):
        parts += [
            _line(across.at(x), _HEIGHT - _BOTTOM, across.at(x), _TOP),
            _text(across.at(x), 332, f"{x:g}", "middle"),
        ]
    for y in _decades(up):
        parts += [_line(_LEFT, up.at(y), _WIDTH - _RIGHT, up.at(y)), _text(_LEFT - 6, up.at(y) + 4, f"{y:g}", "end")]
    for (name, points), colour in zip(kept.items(), _COLOURS, strict=False):
        places = [(across.at(x), up.at(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        if places:
            parts.append(_text(places[-1][0] + 8, places[-1][1] + 4, name, colour=colour))
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """A logarithmic axis from `low` to `high` between two places of the picture."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low * 10
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        """The place of a value."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)


def _decades(axis: _Axis) -> list[float]:
    first, last = round(math.log10(axis.low)), round(math.log10(axis.high))
    return [10.0**power for power in range(first, last + 1)]


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12, colour: str = "#222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )
