"""Reports to plain data and back. The shape is documented by docs/report.schema.json ("onnxdx/1")."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import PurePath
from typing import Any

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.finding import Finding, Frame, Level, Location, Site
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Trial, Verdict, VerdictOutcome

SCHEMA = "onnxdx/1"
Plain = dict[str, Any]


class ReportUnreadable(ValueError):
    """The file or object is not a report that this version can read."""


def to_plain(report: Report) -> Plain:
    """The report as JSON-ready data. Paths inside the project root become relative to it."""
    return {
        "schema": SCHEMA,
        "target": report.target,
        "outcome": "exported" if report.exported else "failed",
        "verdict": _verdict(report.verdict),
        "passes": [_record(record) for record in report.passes],
        "findings": [_finding(finding, report.root) for finding in report.findings],
        "root": report.root,
        "environment": dict(report.environment),
        "started": report.started,
        "seconds": report.seconds,
    }


def from_plain(plain: Plain) -> Report:
    """The report that `to_plain` made `plain` from. Raises ReportUnreadable."""
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        found = plain.get("schema") if isinstance(plain, dict) else type(plain).__name__
        raise ReportUnreadable(f"expected schema {SCHEMA!r}, found {found!r}")
    try:
        return Report(
            target=plain["target"],
            exported=plain["outcome"] == "exported",
            findings=tuple(_read_finding(item) for item in plain["findings"]),
            passes=tuple(_read_record(item) for item in plain["passes"]),
            verdict=_read_verdict(plain["verdict"]),
            root=plain["root"],
            environment=plain["environment"],
            started=plain["started"],
            seconds=plain["seconds"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ReportUnreadable(f"damaged report: {error!r}") from error


def shown_path(path: str, root: str) -> str:
    """`path` relative to `root` when it lies inside, with forward slashes; otherwise as it is."""
    try:
        return PurePath(path).relative_to(root).as_posix() if root else path
    except ValueError:
        return path


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _verdict(verdict: Verdict) -> Plain:
    trials = [
        {
            "sizes": dict(trial.sizes),
            "outcome": trial.outcome.value,
            "max_abs": _number(trial.max_abs),
            "max_rel": _number(trial.max_rel),
            "reason": trial.reason,
        }
        for trial in verdict.trials
    ]
    return {"outcome": verdict.outcome.value, "reason": verdict.reason, "trials": trials}


def _record(record: PassRecord) -> Plain:
    return {
        "name": record.name,
        "outcome": record.outcome.value,
        "seconds": record.seconds,
        "facts": dict(record.facts),
    }


def _finding(finding: Finding, root: str) -> Plain:
    site = finding.site
    return {
        "id": finding.id,
        "name": finding.name,
        "level": finding.level.value,
        "message": finding.message(),
        "location": _location(site.location, root) if site.location else None,
        "module": site.module,
        "module_class": site.module_class,
        "fx_node": site.fx_node,
        "op": site.op,
        "values": list(site.values),
        "occurrences": site.occurrences,
        "modules": list(site.modules),
        "stack": [
            {**_location(frame.location, root), "function": frame.function, "user": frame.user}
            for frame in site.stack
        ],
        "fixes": [_fix(fix, root) for fix in finding.fixes()],
        "facts": finding.facts(),
    }


def _location(location: Location, root: str) -> Plain:
    return {
        "path": shown_path(location.path, root),
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
        "snippet": location.snippet,
    }


def _fix(fix: Fix, root: str) -> Plain:
    return {
        "title": fix.title,
        "applicability": fix.applicability.value,
        "text": fix.text,
        "diff": fix.diff,
        "edits": [
            {**{field.name: getattr(edit, field.name) for field in fields(Edit)}, "path": shown_path(edit.path, root)}
            for edit in fix.edits
        ],
    }


def _read_verdict(plain: Plain) -> Verdict:
    trials = tuple(
        Trial(
            sizes=item["sizes"],
            outcome=VerdictOutcome(item["outcome"]),
            max_abs=math.inf if item["max_abs"] is None else item["max_abs"],
            max_rel=math.inf if item["max_rel"] is None else item["max_rel"],
            reason=item["reason"],
        )
        for item in plain["trials"]
    )
    return Verdict(VerdictOutcome(plain["outcome"]), plain["reason"], trials)


def _read_record(plain: Plain) -> PassRecord:
    return PassRecord(plain["name"], Outcome(plain["outcome"]), plain["seconds"], plain["facts"])


def _read_finding(plain: Plain) -> Finding:
    rule = catalog.rule(plain["id"])
    facts = {name: tuple(value) if isinstance(value, list) else value for name, value in plain["facts"].items()}
    return rule(site=_read_site(plain), **facts)


def _read_site(plain: Plain) -> Site:
    return Site(
        location=_read_location(plain["location"]) if plain["location"] else None,
        stack=tuple(
            Frame(_read_location(frame), frame["function"], frame["user"]) for frame in plain["stack"]
        ),
        module=plain["module"],
        module_class=plain["module_class"],
        fx_node=plain["fx_node"],
        op=plain["op"],
        values=tuple(plain["values"]),
        occurrences=plain["occurrences"],
        modules=tuple(plain["modules"]),
    )


def _read_location(plain: Plain) -> Location:
    names = [field.name for field in fields(Location)]
    return Location(**{name: plain[name] for name in names})


__all__ = ["SCHEMA", "Applicability", "Fix", "Level", "ReportUnreadable", "from_plain", "shown_path", "to_plain"]
