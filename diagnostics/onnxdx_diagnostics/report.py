"""The report of one export: findings, pass records and the verdict. It saves, loads and projects."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.finding import Finding, Level

if TYPE_CHECKING:
    from onnxdx_diagnostics.graphs import Graphs

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Outcome(enum.Enum):
    """How a pass ended. RECOVERED: it failed, and the passes after it ran on a stand-in."""

    PASSED = "passed"
    RECOVERED = "recovered"
    FAILED = "failed"
    NOT_RUN = "not-run"


@dataclass(frozen=True)
class PassRecord:
    """One pass of one run. `seconds` is wall time; `facts` are counts and choices worth knowing (never findings)."""

    name: str
    outcome: Outcome
    seconds: float = 0.0
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


class VerdictOutcome(enum.Enum):
    """PROVEN: every trial agreed with eager. DIFFERS: at least one did not. NOT_RUN: nothing was compared."""

    PROVEN = "proven"
    DIFFERS = "differs"
    NOT_RUN = "not-run"


@dataclass(frozen=True)
class Trial:
    """One comparison of ONNX Runtime with eager: on the given inputs, or with dims at another size.

    `max_abs` and `max_rel` are the largest absolute and relative difference over all outputs (NaN positions that agree
    count as equal). `reason` says what differs, or why the trial was not run.
    """

    sizes: Mapping[str, int]
    outcome: VerdictOutcome
    max_abs: float = 0.0
    max_rel: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """The word on the numbers (promise P4)."""

    outcome: VerdictOutcome
    reason: str = ""
    trials: tuple[Trial, ...] = ()


NOT_VERIFIED = Verdict(VerdictOutcome.NOT_RUN, "the export did not get that far")


@dataclass(frozen=True)
class Report:
    """Everything one export has to say.

    `root` is the project root that paths are shown relative to; `environment` maps package names to versions;
    `exported` is true when a complete, valid model came out (its numbers are the verdict's matter);
    `crashed` is true when a pass of onnxdx itself failed.
    """

    target: str
    exported: bool
    findings: tuple[Finding, ...] = ()
    passes: tuple[PassRecord, ...] = ()
    verdict: Verdict = NOT_VERIFIED
    root: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0

    @property
    def crashed(self) -> bool:
        """Whether a pass of onnxdx itself failed (rule family DX9xx)."""
        return any(finding.id.startswith("DX9") for finding in self.findings)

    def count(self, level: Level) -> int:
        """Number of findings of exactly this level."""
        return sum(finding.level is level for finding in self.findings)

    def at_least(self, level: Level) -> tuple[Finding, ...]:
        """The findings of this level or a higher one."""
        return tuple(finding for finding in self.findings if finding.level.rank >= level.rank)

    def to_json(self, indent: int | None = None) -> str:
        """The report as one JSON object; its schema is docs/report.schema.json."""
        from onnxdx_diagnostics.codec import to_plain

        text = json.dumps(to_plain(self), indent=indent, ensure_ascii=False, allow_nan=False)
        # A path that is not UTF-8 is a text with lone surrogates, which only an escape can carry.
        return text if _LONE_SURROGATE.search(text) is None else json.dumps(json.loads(text), indent=indent)

    def to_sarif(self, graphs: Graphs | None = None) -> dict[str, Any]:
        """The report as a SARIF 2.1.0 log (a JSON-ready dict); `graphs` of the run are shown around results."""
        from onnxdx_diagnostics.sarif.log import to_sarif

        return to_sarif(self, graphs)

    def save(self, path: Path) -> None:
        """Write `to_json()` to `path`, atomically."""
        write_text(path, self.to_json(indent=1))

    @staticmethod
    def load(path: Path) -> Report:
        """Read what `save` wrote. Raises `ReportUnreadable` when the file is not a report of ours."""
        from onnxdx_diagnostics.codec import ReportUnreadable, from_plain

        try:
            return from_plain(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise ReportUnreadable(f"{path} is not a report of onnxdx: {error}") from error
