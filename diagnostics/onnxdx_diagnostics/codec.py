"""Reports to plain data and back. The shape is documented by docs/report.schema.json ("onnxdx/1")."""

from __future__ import annotations

import functools
import math
import types
import typing
from dataclasses import fields
from pathlib import PurePath
from typing import Any, TypeVar

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.finding import Finding, Frame, Level, Location, Site
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Trial, Verdict, VerdictOutcome

SCHEMA = "onnxdx/1"
Plain = dict[str, Any]
T = TypeVar("T")

# No finding spans more lines; a file that says so would fill the screen.
_LONGEST_REGION = 10_000


class ReportUnreadable(ValueError):
    """The file or object is not a report that this version can read."""


def to_plain(report: Report) -> Plain:
    """The report as JSON-ready data. Paths inside the project root become relative to it."""
    return {
        "schema": SCHEMA,
        "target": report.target,
        "outcome": "exported" if report.exported else "failed",
        "verdict": plain_verdict(report.verdict),
        "passes": [plain_pass(record) for record in report.passes],
        "findings": [plain_finding(finding, report.root) for finding in report.findings],
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
            target=_typed(plain["target"], str),
            exported=plain["outcome"] == "exported",
            findings=tuple(read_finding(item) for item in plain["findings"]),
            passes=tuple(_read_record(item) for item in plain["passes"]),
            verdict=_read_verdict(plain["verdict"]),
            root=_typed(plain["root"], str),
            environment={str(name): _typed(version, str) for name, version in plain["environment"].items()},
            started=_typed(plain["started"], str),
            seconds=float(plain["seconds"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReportUnreadable(f"damaged report: {error!r}") from error


def shown_path(path: str, root: str) -> str:
    """`path` relative to `root` when it lies inside, with forward slashes; otherwise as it is."""
    try:
        return PurePath(path).relative_to(root).as_posix() if root else path
    except ValueError:
        return path


def shown_text(text: str, root: str) -> str:
    """`text` with the paths in it that lie inside `root` relative to it."""
    inside = root.rstrip("/\\")
    return text.replace(f"{inside}/", "").replace(f"{inside}\\", "") if inside else text


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def plain_verdict(verdict: Verdict) -> Plain:
    """The verdict as plain data."""
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


def plain_pass(record: PassRecord) -> Plain:
    """A pass as plain data."""
    return {
        "name": record.name,
        "outcome": record.outcome.value,
        "seconds": record.seconds,
        "facts": {name: _plain_fact(value) for name, value in record.facts.items()},
    }


def plain_finding(finding: Finding, root: str) -> Plain:
    """A finding as plain data, with its message and fixes spelled out."""
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
        "stand_in": site.stand_in,
        "stack": [
            {**_location(frame.location, root), "function": frame.function, "user": frame.user} for frame in site.stack
        ],
        "fixes": [_fix(fix, root) for fix in finding.ways()],
        "facts": {name: _plain_fact(value) for name, value in finding.facts().items()},
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
        "proof": fix.proof,
        "unproven": fix.unproven,
        "provider": fix.provider,
        "seen": {shown_path(path, root): digest for path, digest in fix.seen},
        "edits": [
            {**{field.name: getattr(edit, field.name) for field in fields(Edit)}, "path": shown_path(edit.path, root)}
            for edit in fix.edits
        ],
    }


def _read_verdict(plain: Plain) -> Verdict:
    trials = tuple(
        Trial(
            sizes={str(name): _typed(size, int) for name, size in item["sizes"].items()},
            outcome=VerdictOutcome(item["outcome"]),
            max_abs=math.inf if item["max_abs"] is None else float(item["max_abs"]),
            max_rel=math.inf if item["max_rel"] is None else float(item["max_rel"]),
            reason=_typed(item["reason"], str),
        )
        for item in plain["trials"]
    )
    return Verdict(VerdictOutcome(plain["outcome"]), _typed(plain["reason"], str), trials)


def _read_record(plain: Plain) -> PassRecord:
    return PassRecord(
        _typed(plain["name"], str), Outcome(plain["outcome"]), float(plain["seconds"]), dict(plain["facts"])
    )


def read_finding(plain: Plain) -> Finding:
    """The finding that `plain_finding` made `plain` from; anything else raises KeyError, TypeError or ValueError."""
    rule = catalog.rule(plain["id"])
    kinds = _fact_types(rule.id)
    facts = {name: _read_fact(value, kinds[name]) for name, value in plain["facts"].items()}
    offered = tuple(fix for fix in map(_read_fix, plain["fixes"]) if fix.provider)
    return rule(site=_read_site(plain), **facts, offered=offered)


def _read_fix(plain: Plain) -> Fix:
    return Fix(
        title=_typed(plain["title"], str),
        applicability=Applicability(plain["applicability"]),
        text=_typed(plain["text"], str),
        diff=_typed(plain["diff"], str),
        edits=tuple(read_edit(item) for item in plain.get("edits", ())),
        proof=_typed(plain.get("proof", ""), str),
        unproven=_typed(plain.get("unproven", ""), str),
        provider=_typed(plain.get("provider", ""), str),
        seen=tuple((path, _typed(digest, str)) for path, digest in plain.get("seen", {}).items()),
    )


def read_edit(plain: Plain) -> Edit:
    """Raises ValueError for a region that no file has."""
    hints = typing.get_type_hints(Edit)
    edit = Edit(**{each.name: _typed(plain[each.name], hints[each.name]) for each in fields(Edit)})
    start, end = (edit.start_line, edit.start_column), (edit.end_line, edit.end_column)
    if min(*start, *end) < 1 or start > end:
        raise ValueError(f"no region of a file: {edit}")
    return edit


def _read_site(plain: Plain) -> Site:
    return Site(
        location=_read_location(plain["location"]) if plain["location"] else None,
        stack=tuple(
            Frame(_read_location(frame), _typed(frame["function"], str), _typed(frame["user"], bool))
            for frame in plain["stack"]
        ),
        module=_typed(plain["module"], str),
        module_class=_typed(plain["module_class"], str),
        fx_node=_typed(plain["fx_node"], str),
        op=_typed(plain["op"], str),
        values=_texts(plain["values"]),
        occurrences=_typed(plain["occurrences"], int),
        modules=_texts(plain["modules"]),
        stand_in=_typed(plain.get("stand_in", ""), str),
    )


def _read_location(plain: Plain) -> Location:
    location = Location(
        path=_typed(plain["path"], str),
        line=_typed(plain["line"], int),
        column=_typed(plain["column"], int),
        end_line=_typed(plain["end_line"], int),
        end_column=_typed(plain["end_column"], int),
        snippet=_typed(plain["snippet"], str),
    )
    if min(location.line, location.column) < 1 or location.end_line - location.line > _LONGEST_REGION:
        raise ValueError(f"no region of a file: {location}")
    return location


def _typed(value: object, kind: type[T]) -> T:
    """`value`, which must be of exactly this type: what is read from a file is believed in nothing."""
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {value!r:.80}")
    return value


def _texts(values: list[object]) -> tuple[str, ...]:
    return tuple(_typed(value, str) for value in _typed(values, list))


@functools.cache
def _fact_types(rule_id: str) -> dict[str, Any]:
    rule = catalog.rule(rule_id)
    hints = typing.get_type_hints(rule)
    return {name: hints[name] for name in rule.fact_names()}


def _plain_fact(value: object) -> object:
    """JSON has no NaN and no infinity: they travel by name."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _read_fact(value: object, kind: Any) -> object:
    kinds = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    for candidate in kinds:
        if isinstance(value, list) and typing.get_origin(candidate) is tuple:
            return _texts(value)
        if type(value) is candidate or (
            typing.get_origin(candidate) is typing.Literal and value in typing.get_args(candidate)
        ):
            return value
    if float in kinds and (isinstance(value, int) or value in ("nan", "inf", "-inf")):
        return float(typing.cast(str, value))
    raise TypeError(f"expected a fact of type {kind}, found {value!r:.80}")


__all__ = ["SCHEMA", "Applicability", "Fix", "Level", "ReportUnreadable", "from_plain", "shown_path", "to_plain"]
