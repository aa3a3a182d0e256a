"""Which findings of a report a command line means: "all", "DX301", "DX301@19", "net.py:19", or a number of the list."""

from __future__ import annotations

import re

from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.report import Report

SYNTAX = "all, a rule (DX301), a rule on a line (DX301@19), a line (net.py:19) or a number of the list"


class NothingSelected(ValueError):
    """No finding of the report is meant; the text says so and what there is."""


def selected(report: Report, text: str) -> tuple[Finding, ...]:
    """The findings that `text` means, in the order of the report, which numbers them from 1. Raises NothingSelected."""
    chosen = tuple(each for number, each in enumerate(report.findings, 1) if _means(text.strip(), number, each, report))
    if chosen:
        return chosen
    if not report.findings:
        raise NothingSelected("there are no findings")
    known = ", ".join(dict.fromkeys(finding.id for finding in report.findings))
    raise NothingSelected(f"no finding is `{text}`; there are {len(report.findings)}: {known}. It is {SYNTAX}.")


def name_of(finding: Finding) -> str:
    """The text that means this finding, and those of its rule on its line."""
    where = finding.site.location
    return f"{finding.id}@{where.line}" if where is not None else finding.id


def _means(text: str, number: int, finding: Finding, report: Report) -> bool:
    if text == "all" or text == str(number):
        return True
    rule = re.fullmatch(r"(?P<id>DX\d{3})(?:@(?P<line>\d+))?", text, re.IGNORECASE)
    where = finding.site.location
    if rule:
        on_line = rule["line"] is None or (where is not None and where.line == int(rule["line"]))
        return finding.id == rule["id"].upper() and on_line
    path, _, line = text.rpartition(":")
    if where is None or not path or line != str(where.line):
        return False
    shown = shown_path(where.path, report.root)
    return shown == path or shown.endswith(f"/{path}")
