"""How the run went, as a SARIF invocation: exit code, times, and as notifications what is no result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import sarif_om as om

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.codec import plain_pass
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.phrase import fill
from onnxdx_diagnostics.report import PassRecord, Report
from onnxdx_diagnostics.sarif.plain import OURS
from onnxdx_diagnostics.visible import visible


@dataclass(frozen=True)
class NotificationRule:
    """A kind of notification; `template` has placeholders like that of a message."""

    id: str
    name: str
    template: str
    meaning: str


PASS_ENDED = NotificationRule("DXN1", "PassEnded", "Pass '{0}' ended as '{1}'.", "A pass of the export ended.")
LEFT_OUT = NotificationRule(
    "DXN2", "ResultsLeftOut", "'{0}' of '{1}' results are left out.", "Results beyond what hosts keep are left out."
)
UNLOCATED = NotificationRule(
    "DXN3", "FindingWithoutLine", "Without a line, '{0}': '{1}'", "A finding has no line in the project."
)
CRASHED = NotificationRule(
    "DXN4", "ExporterCrashed", "A pass of onnxdx failed: '{0}'", "A pass of onnxdx itself failed."
)
NOTIFICATIONS = (PASS_ENDED, LEFT_OUT, UNLOCATED, CRASHED)


@dataclass(frozen=True)
class Told:
    """A finding for the notifications: what is said of it, and its place when it has one in the project."""

    finding: Finding
    said: str
    place: om.PhysicalLocation | None
    own: dict[str, object]

    @property
    def is_crash(self) -> bool:
        """Whether it is a fault of onnxdx (rule family DX9xx), and not of the model."""
        return self.finding.id.startswith("DX9")


def invocation(
    report: Report, told: list[Told], left_out: int, total: int, *, deterministic: bool = False
) -> om.Invocation:
    """The run. It failed only when onnxdx itself did: a model that cannot be exported is a result.

    Of `total` results `left_out` are not in the log.
    """
    notifications = [_pass_ended(record, deterministic) for record in report.passes]
    if left_out:
        notifications.append(_notification(LEFT_OUT, (str(left_out), str(total)), "warning"))
    notifications += _about_findings(told)
    started, ended = (None, None) if deterministic else _times(report)
    code, description = _exit(report)
    return om.Invocation(
        execution_successful=not report.crashed,
        exit_code=code,
        exit_code_description=description,
        start_time_utc=started,
        end_time_utc=ended,
        tool_execution_notifications=notifications or None,
    )


def _about_findings(told: list[Told]) -> Iterator[om.Notification]:
    """Findings without a place are told here only; a crash is told here too."""
    rules = list(catalog.ids())
    for item in sorted(told, key=lambda item: item.place is not None):
        finding = item.finding
        if item.is_crash:
            notification = _notification(CRASHED, (item.said,), "error")
        elif item.place is None:
            level = "warning" if finding.level is Level.ERROR else "note"
            notification = _notification(UNLOCATED, (finding.id, item.said), level)
        else:
            continue
        notification.associated_rule = om.ReportingDescriptorReference(id=finding.id, index=rules.index(finding.id))
        if item.place is None:
            notification.properties = {OURS: {"id": finding.id, **item.own}}
        else:
            notification.locations = [om.Location(physical_location=item.place)]
        yield notification


def _pass_ended(record: PassRecord, deterministic: bool) -> om.Notification:
    notification = _notification(PASS_ENDED, (visible(record.name), record.outcome.value), "note")
    facts = plain_pass(record)
    if deterministic:
        del facts["seconds"]
    notification.properties = {OURS: facts}
    return notification


def _notification(rule: NotificationRule, arguments: tuple[str, ...], level: str) -> om.Notification:
    return om.Notification(
        message=om.Message(text=fill(rule.template, arguments), id="default", arguments=list(arguments)),
        level=level,
        descriptor=om.ReportingDescriptorReference(id=rule.id, index=NOTIFICATIONS.index(rule)),
    )


def _exit(report: Report) -> tuple[int, str]:
    if any(finding.id == "DX902" for finding in report.findings):
        return 130, "The run was interrupted."
    if report.crashed:
        return 3, "onnxdx failed on its own account."
    if not report.exported:
        return 1, "The model cannot be exported as it is."
    if report.count(Level.ERROR):
        return 1, "The model was exported, and has errors."
    return 0, "The model was exported."


def _times(report: Report) -> tuple[str | None, str | None]:
    """Start and end in UTC, if the report knows them."""
    try:
        start = datetime.fromisoformat(report.started.replace("Z", "+00:00"))
        start = start.replace(tzinfo=timezone.utc) if start.tzinfo is None else start.astimezone(timezone.utc)
        end = start + timedelta(seconds=report.seconds)
    except (ValueError, OverflowError):
        return None, None
    return _time(start), _time(end)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
