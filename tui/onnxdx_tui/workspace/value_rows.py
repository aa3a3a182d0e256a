"""The word on the numbers: verdict, each comparison with eager, where they part; and how the passes went."""

from __future__ import annotations

from collections.abc import Iterator

from onnxdx_diagnostics.codec import shown_text
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Trial, VerdictOutcome
from onnxdx_tui.workspace.line import SIGNS, Line, Span, line, shown, wrapped

_VERDICTS = {
    VerdictOutcome.PROVEN: ("✓ proven", "good"),
    VerdictOutcome.DIFFERS: ("✗ differs", "error"),
    VerdictOutcome.NOT_RUN: ("· not run", "warning"),
}
_OUTCOMES = {
    Outcome.PASSED: ("✓", "good"),
    Outcome.RECOVERED: ("≈", "warning"),
    Outcome.FAILED: ("✗", "error"),
    Outcome.NOT_RUN: ("·", "dim"),
}


def value_lines(report: Report, width: int) -> list[Line]:
    """Everything that is known of the numbers of a run. The key of a row with a finding is the finding's position."""
    said, style = _VERDICTS[report.verdict.outcome]
    lines = [line(Span("verdict  ", "dim"), Span(said, style))]
    lines += [
        line(Span("         ", "dim"), text)
        for text in (wrapped(shown(report.verdict.reason), width - 10) if report.verdict.reason else ())
    ]
    lines.append(line(" "))
    lines += _trials(report.verdict.trials) if report.verdict.trials else [line(Span("Nothing was compared.", "dim"))]
    about_numbers = [(at, each) for at, each in enumerate(report.findings) if each.id.startswith(("DX6", "DX5"))]
    if about_numbers:
        lines += [line(" "), line(Span("where the model and eager part", "title"))]
        for at, finding in about_numbers:
            lines += _numeric(at, finding, report.root, width)
    lines += [line(" "), line(Span("passes", "title")), *map(_pass, report.passes)]
    return lines


def _trials(trials: tuple[Trial, ...]) -> Iterator[Line]:
    yield line(Span(f"{'comparison':<34}  {'max |Δ|':>9}  {'relative':>9}", "title"))
    for trial in trials:
        said, style = _VERDICTS[trial.outcome]
        sizes = ", ".join(f"{shown(name)}={size}" for name, size in trial.sizes.items()) or "the inputs given"
        numbers = f"  {trial.max_abs:>9.1e}  {trial.max_rel:>9.1e}  "
        if trial.outcome is VerdictOutcome.NOT_RUN:
            numbers = " " * len(numbers)
        yield line(
            f"{sizes[:34]:<34}", Span(numbers, "value"), Span(said, style), Span(f"  {shown(trial.reason)}", "dim")
        )


def _numeric(at: int, finding: Finding, root: str, width: int) -> Iterator[Line]:
    sign, style = SIGNS[finding.level]
    site = finding.site
    yield line(Span(f"{sign} {finding.id} ", style), Span(shown(site.fx_node), "bold"), f"  {shown(site.op)}", key=at)
    for text in wrapped(shown(shown_text(finding.message(), root)), width - 6):
        yield line(Span("      "), text, key=at)
    for name, fact in finding.facts().items():
        if isinstance(fact, float):
            yield line(Span(f"      {name} ", "dim"), Span(f"{fact:.2e}", "value"), key=at)


def _pass(record: PassRecord) -> Line:
    sign, style = _OUTCOMES[record.outcome]
    facts = "  ".join(f"{shown(name)} {shown(str(value))}" for name, value in record.facts.items())
    return line(
        Span(f"{sign} ", style),
        f"{shown(record.name):<10}",
        Span(f" {record.seconds:>8.2f} s  ", "value"),
        Span(facts, "dim"),
    )
