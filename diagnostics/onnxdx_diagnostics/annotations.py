"""GitHub workflow commands: findings as annotations, for those without code scanning."""

from __future__ import annotations

import shlex

from onnxdx_diagnostics.anchor import anchor
from onnxdx_diagnostics.codec import shown_text
from onnxdx_diagnostics.finding import Finding, Level, Location
from onnxdx_diagnostics.remedies import is_proven
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.selection import name_of
from onnxdx_diagnostics.visible import visible

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def workflow_commands(report: Report) -> tuple[str, ...]:
    """One workflow command per finding, most severe first (a step shows only the first ten of each kind)."""
    ordered = sorted(report.findings, key=lambda finding: -finding.level.rank)
    return tuple(_command(finding, report) for finding in ordered)


def _command(finding: Finding, report: Report) -> str:
    place = anchor(finding, report)
    properties = {**(_place(place) if place else {}), "title": f"{finding.id} {finding.name}"}
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    fixes = [f"Fix ({fix.applicability.value}): {visible(fix.title)}" for fix in finding.ways()]
    command = [_fix_command(finding, report)] if report.target else []
    text = shown_text("\n".join([visible(finding.message()), *fixes, *command]), report.root)
    return f"::{_COMMANDS[finding.level]} {shown}::{_data(text)}"


def _fix_command(finding: Finding, report: Report) -> str:
    """How to go on from here."""
    command = f"onnxdx fix {shlex.quote(visible(report.target))} --finding {name_of(finding)}"
    if any(map(is_proven, finding.offered)):
        return f"Apply it: {command} --apply"
    return f"Fixes that were tried: {command}" if finding.offered else f"Have fixes tried: {command}"


def _place(place: Location) -> dict[str, str]:
    region = {"file": place.path, "line": str(place.line), "col": str(place.column)}
    if place.end_line == place.line and place.end_column:
        return {**region, "endColumn": str(place.end_column)}
    return {**region, "endLine": str(place.end_line)}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
