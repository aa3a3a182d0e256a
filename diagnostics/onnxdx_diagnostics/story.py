"""The whole story of the findings of a report, for the terminal: `onnxdx export --explain` and `onnxdx explain FILE`.

A finding's own facts come first. What is true of every finding of a rule is told with the first of them only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from onnxdx_diagnostics.code_layout import is_code, laid_out
from onnxdx_diagnostics.codec import shown_path, shown_text
from onnxdx_diagnostics.explain import documentation
from onnxdx_diagnostics.finding import Finding, Frame, Location
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.passage import passage
from onnxdx_diagnostics.render import (
    LEVEL_STYLES,
    detail,
    diff_lines,
    fix_label,
    footer,
    gutter,
    headline,
    marked,
    module_text,
    place_lines,
    show,
    snippet_lines,
    tried_lines,
    wrapped,
)
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.visible import visible

if TYPE_CHECKING:
    from rich.console import Console


def render_story(report: Report, console: Console, graphs: Graphs | None = None) -> None:
    """Print the story of every finding of `report`, then its passes, verdict and outcome.

    With the `graphs` of the run a story tells what each pass made of the node.
    """
    for lines in stories(report, console.width, graphs):
        show([*lines, Text()], console)
    show(footer(report, console.width), console)


def stories(report: Report, width: int, graphs: Graphs | None = None) -> Iterator[list[Text]]:
    """The story of each finding, in lines of at most `width` cells."""
    told: set[str] = set()
    stand_in = ""
    for finding in report.findings:
        lines = []
        if finding.site.stand_in not in ("", stand_in):
            stand_in = finding.site.stand_in
            behind = f"Behind the faults of capture. What follows was found in a stand-in for the graph: {stand_in}."
            lines += [*wrapped(Text(visible(behind), "bold"), width), Text()]
        lines += _story(finding, report, width, graphs)
        if finding.id not in told:
            told.add(finding.id)
            lines += _about_rule(type(finding), gutter(finding.site), width)
        yield lines


def _story(finding: Finding, report: Report, width: int, graphs: Graphs | None) -> list[Text]:
    """What is true of this finding alone."""
    site, pad = finding.site, gutter(finding.site)
    callers = [frame for frame in site.stack if frame.user]
    own = callers.pop() if callers and site.location and callers[-1].location.path == site.location.path else None
    lines = headline(finding, report.root, width)
    values_below = bool(site.location and site.location.snippet)
    if site.location:
        lines += place_lines(site.location, report.root, width, own.function if own else "")
        lines += snippet_lines(site.location, width, LEVEL_STYLES[finding.level], site.values)
    if site.values and not values_below:
        lines += detail("values", Text(", ".join(map(visible, site.values))), pad, width)
    lines += _rows("called from", list(_callers(callers, site.location, report.root)), pad, width)
    if site.module:
        lines += detail("module", Text(module_text(site)), pad, width)
    elif site.module_class:
        lines += detail("module", Text(f"the model itself, {visible(site.module_class)}"), pad, width)
    stops = passage(finding, graphs)
    if stops:
        widest = max(len(stop.passed) for stop in stops)
        lines += _rows("way", [f"{stop.passed:<{widest}}  {stop}" for stop in stops], pad, width, widest + 2)
    elif site.op:
        node = f", node `{site.fx_node}`" if site.fx_node else ""
        lines += detail("op", marked(site.op + node), pad, width)
    for fix in finding.ways():
        lines += _fix(fix, report.root, pad, width)
    return lines


def _callers(frames: list[Frame], place: Location | None, root: str) -> Iterator[str]:
    """The lines that led to `place`, innermost first, each once: a comprehension has a frame of its own."""
    known = {(place.path, place.line)} if place else set()
    for frame in reversed(frames):
        at = frame.location
        if (at.path, at.line) not in known:
            known.add((at.path, at.line))
            code = " ".join(at.snippet.split())
            yield f"{shown_path(at.path, root)}:{at.line} in {frame.function}" + (f": {code}" if code else "")


def _rows(name: str, rows: list[str], pad: int, width: int, hanging: int = 2) -> list[Text]:
    """A detail of several parts, each with a line of its own."""
    if len(rows) <= 1:
        return [line for row in rows for line in detail(name, marked(row), pad, width)]
    indent = " " * (pad + 5)
    lines = detail(name, Text(), pad, width)
    for row in rows:
        lines += wrapped(marked(row), width, first=indent, rest=f"{indent}{' ' * min(hanging, width // 4)}")
    return lines


def _fix(fix: Fix, root: str, pad: int, width: int) -> list[Text]:
    """A fix with everything there is to it: code as code, prose as prose, then the diff."""
    lines = detail(fix_label(fix), marked(shown_text(fix.title, root)), pad, width)
    if fix.text and is_code(fix.text):
        lines += _code(fix.text, pad, width)
    elif fix.text:
        prose = marked(shown_text(" ".join(fix.text.split()), root))
        lines += wrapped(prose, width, first=" " * (pad + 3), rest=" " * (pad + 3))
    return [*lines, *tried_lines(fix, root, pad, width), *diff_lines(fix.diff, pad, width)]


def _code(code: str, pad: int, width: int) -> list[Text]:
    indent = " " * (pad + 5)
    rows = laid_out(code, width - len(indent))
    return [line for row in rows for line in wrapped(Text(row, "green"), width, first=indent, rest=f"{indent}    ")]


def _about_rule(rule: type[Finding], pad: int, width: int) -> list[Text]:
    """Why it matters, and where to read more: the same for all findings of a rule."""
    told = documentation(rule)
    why = told.section("Why") or told.section("What it means") or told.summary
    said, _, code = why.partition("```python\n")
    paragraph, *_ = re.split(r"\n\s*\n", said.strip())
    lines = detail("why", marked(" ".join(paragraph.split())), pad, width)
    if paragraph.endswith(":"):
        lines += _code(code.partition("\n```")[0], pad, width)
    return [*lines, *detail("more", Text(f"onnxdx explain {rule.id}"), pad, width)]
