"""The long story of a rule and of a finding. One source: the rule's docstring, EXAMPLE, level and pass."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.report import Outcome, Report
from onnxdx_diagnostics.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_EXPECT = re.compile(r"#\s*expect:\s*")


@dataclass(frozen=True)
class Documentation:
    """A rule's docstring: its first sentence, and its sections as (title, text)."""

    summary: str
    sections: tuple[tuple[str, str], ...]

    def section(self, title: str) -> str:
        """The text of the section whose title starts with `title`, or nothing."""
        return next((text for name, text in self.sections if name.lower().startswith(title.lower())), "")


def documentation(rule: type[Finding]) -> Documentation:
    """What the rule's docstring says (Python's -OO drops docstrings; the name remains)."""
    text = inspect.cleandoc(rule.__doc__ or rule.name.replace("-", " ").capitalize() + ".")
    summary, *sections = re.split(r"^## +", text, flags=re.MULTILINE)
    pairs = (section.partition("\n") for section in sections)
    return Documentation(" ".join(summary.split()), tuple((title.strip(), body.strip()) for title, _, body in pairs))


def explain_rule(rule: type[Finding]) -> str:
    """Everything there is to say about a rule, as markdown: docs page, `onnxdx explain` and SARIF help alike."""
    told = documentation(rule)
    parts = [
        f"# {rule.id} {rule.name}",
        f"Level: **{rule.level.value}** · Pass: **{catalog.stage(rule.id)}**",
        told.summary,
        *(f"## {title}\n\n{text}" for title, text in told.sections),
    ]
    if rule.EXAMPLE.strip():
        marked = "Reported on the marked line:\n\n" if _EXPECT.search(rule.EXAMPLE) else ""
        parts.append(f"## Example\n\n{marked}```python\n{example(rule)}\n```")
    return "\n\n".join(parts) + "\n"


def example(rule: type[Finding]) -> str:
    """The rule's EXAMPLE as people read it: `# expect: DX301` becomes `# <- DX301`."""
    return _EXPECT.sub("# <- ", rule.EXAMPLE.strip("\n"))


def render_rule(rule: type[Finding], console: Console) -> None:
    """Print `explain_rule` for the terminal."""
    from rich.markdown import Markdown

    console.print(Markdown(explain_rule(rule), code_theme="ansi_dark"))


def explain_finding(finding: Finding, report: Report, *, width: int = 80) -> Text:
    """The whole story of one finding, in lines of at most `width` cells: what happened with the source and the values
    known there, where in the module tree and through which passes, why, what to change, and the command to see more.
    """
    from rich.text import Text

    from onnxdx_diagnostics import render

    told = documentation(type(finding))
    lines = render.finding_lines(finding, report.root, width, full=True)
    tree = _module_tree(finding)
    if len(tree) > 1:
        lines += [Text(), Text("In the module tree", "bold")]
        lines += [line for row in tree for line in render.wrapped(render.marked(row), width, rest="    ")]
    way = _way(finding, report)
    if way:
        lines += [Text(), Text("Through the passes", "bold"), *render.wrapped(Text(way), width)]
    sections = [section for section in told.sections if not (finding.fixes() and section[0].startswith("How to fix"))]
    for title, text in sections:
        lines += [Text(), Text(title, "bold"), *_prose(text, width)]
    more = f"More, with an example: onnxdx explain {finding.id}"
    lines += [Text(), *render.wrapped(Text(more, "dim"), width)]
    return Text("\n").join(lines)


def render_explanation(report: Report, console: Console) -> None:
    """Print the whole story of every finding of `report`, then its passes, verdict and outcome."""
    from rich.text import Text

    from onnxdx_diagnostics import render

    for finding in report.findings:
        render.show(explain_finding(finding, report, width=console.width).split("\n", allow_blank=True), console)
        render.show([Text()], console)
    render.show(render.footer(report, console.width), console)


def _module_tree(finding: Finding) -> list[str]:
    """The path of modules from the model down, one indented line each."""
    if not finding.site.module:
        return []
    names = [visible(name) for name in finding.site.module.split(".")]
    rows = ["the model", *(f"{'   ' * depth}└─ {name}" for depth, name in enumerate(names))]
    if finding.site.module_class:
        rows[-1] += f" ({visible(finding.site.module_class)})"
    return rows


def _way(finding: Finding, report: Report) -> str:
    """How far it came: "capture → decompose → dispatch: reported here"."""
    ran = [record.name for record in report.passes if record.outcome is not Outcome.NOT_RUN]
    stage = catalog.stage(finding.id)
    if stage not in ran:
        return ""
    return " → ".join(ran[: ran.index(stage) + 1]) + ": reported here"


def _prose(text: str, width: int) -> list[Text]:
    """Paragraphs reflowed to `width`; indented and fenced lines stay as they are, clipped."""
    from rich.text import Text

    from onnxdx_diagnostics import render

    lines: list[Text] = []
    fenced = False
    for block in re.split(r"\n\s*\n", text):
        rows = block.split("\n")
        if fenced or any(row.startswith(("```", "    ", "- ", "* ", "|", "1. ")) for row in rows):
            for row in rows:
                fenced = fenced != row.startswith("```")
                lines += render.wrapped(render.marked(row), width, rest="  ")
        else:
            lines += render.wrapped(render.marked(" ".join(block.split())), width)
        lines.append(Text())
    return lines[:-1]
