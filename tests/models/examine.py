"""Export one model of the zoo and say in one row how it went."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import Any

from zoo import Entry
from zoo.counting import onnx_nodes

import onnxdx
from onnxdx_diagnostics.report import Report, VerdictOutcome

PROVEN = "proven"


@dataclass(frozen=True)
class Row:
    """How one model went. `verdict` is "proven", "differs", "not-run", "failed" (no program) or "crashed".

    `expects` are the ids of the findings it should have. Seconds are wall time of the passes; `after` is everything
    between capture and verification.
    """

    name: str
    family: str
    dims: tuple[str, ...]
    verdict: str
    reason: str = ""
    fx_nodes: int = 0
    onnx_nodes: int = 0
    capture: float = 0.0
    after: float = 0.0
    verify: float = 0.0
    max_abs: float = 0.0
    max_rel: float = 0.0
    findings: tuple[str, ...] = ()
    expects: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    passes: dict[str, float] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether this is what the suite asks for: proven, and nothing to say but what is expected."""
        return self.verdict == PROVEN and set(self.findings) == set(self.expects)


def examine(entry: Entry, options: onnxdx.ExportOptions | None = None) -> Row:
    """The row of one model. Nothing escapes but what ends the process."""
    facts: dict[str, Any] = {"name": entry.name, "family": entry.family, "dims": entry.dims, "expects": entry.expects}
    try:
        sample = entry.build()
        program = onnxdx.export(
            sample.model,
            sample.args,
            dict(sample.kwargs),
            dynamic_shapes=sample.dynamic_shapes,
            options=options or onnxdx.ExportOptions(),
        )
    except onnxdx.ExportError as error:
        return Row(**facts, **_said(error.report), verdict="failed", reason=_first_line(error))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {_first_line(error)} ({where.name}, line {where.lineno})"
        return Row(**facts, verdict="crashed", reason=reason)
    verdict = program.report.verdict
    return Row(
        **facts,
        **_said(program.report),
        verdict=verdict.outcome.value,
        reason=verdict.reason,
        onnx_nodes=onnx_nodes(program.model_proto),
    )


def _said(report: Report) -> dict[str, Any]:
    seconds = {record.name: record.seconds for record in report.passes}
    facts = {record.name: record.facts for record in report.passes}
    compared = [trial for trial in report.verdict.trials if trial.outcome is not VerdictOutcome.NOT_RUN]
    return {
        "fx_nodes": int(facts.get("capture", {}).get("nodes", 0)),
        "capture": seconds.get("capture", 0.0),
        "verify": seconds.get("verify", 0.0),
        "after": sum(value for name, value in seconds.items() if name not in ("capture", "verify")),
        "max_abs": max((trial.max_abs for trial in compared), default=0.0),
        "max_rel": max((trial.max_rel for trial in compared), default=0.0),
        "findings": tuple(finding.id for finding in report.findings),
        "messages": tuple(f"{finding.id} {finding.message()}" for finding in report.findings),
        "passes": seconds,
    }


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "")
