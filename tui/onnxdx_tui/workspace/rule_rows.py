"""What a rule says of itself, as lines."""

from __future__ import annotations

import inspect

from onnxdx_diagnostics.finding import Finding
from onnxdx_tui.workspace.line import SIGNS, Line, Span, line, shown, wrapped


def rule_lines(rule: type[Finding], width: int) -> list[Line]:
    """The documentation of a rule: what it means, why it stops the export, how to fix it, and an example."""
    sign, style = SIGNS[rule.level]
    lines = [line(Span(f"{sign} {rule.id} ", style), Span(rule.name, "title")), line(" ")]
    for paragraph in inspect.cleandoc(rule.__doc__ or "").split("\n\n"):
        if paragraph.startswith((" ", "```")):
            lines += [line(Span(shown(text), "string")) for text in paragraph.split("\n")]
        else:
            head, _, rest = paragraph.partition("\n")
            if len(head) < 40 and not head.endswith("."):
                lines.append(line(Span(shown(head.strip("# ")), "title")))
                paragraph = rest
            text = paragraph.replace("\n", " ")
            lines += [line(part) for part in wrapped(shown(text), width)] if text else []
        lines.append(line(" "))
    if rule.EXAMPLE:
        lines.append(line(Span("Example", "title")))
        lines += [line(Span(f"  {shown(text)}", "string")) for text in rule.EXAMPLE.strip("\n").split("\n")]
    return lines
