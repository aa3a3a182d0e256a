"""What the exit code of a command says."""

from __future__ import annotations

import enum

from onnxdx_diagnostics.finding import Level
from onnxdx_diagnostics.report import Report


class ExitCode(enum.IntEnum):
    """CLEAN: nothing at or above the asked level. USAGE: the command line is wrong. INTERNAL: onnxdx itself failed."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INTERNAL = 3
    INTERRUPTED = 130


def of_report(report: Report, fail_on: Level) -> ExitCode:
    """The exit code of an export that ended in `report`."""
    if report.crashed:
        return ExitCode.INTERNAL
    if report.at_least(fail_on) or not report.exported:
        return ExitCode.FINDINGS
    return ExitCode.CLEAN
