"""From what came of a rehearsed export to a fix: how sure it is, and in words what was tried."""

from __future__ import annotations

from dataclasses import replace

from onnxdx.fixes import Retry
from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx_diagnostics.comparison import Comparison, compare
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Outcome, Report, VerdictOutcome
from onnxdx_diagnostics.text_file import diff_on_disk

NOT_CAPTURED = "the model was not captured as it is, because of other findings"


def tried(fault: Fault, candidate: Candidate, retry: Retry, name: str) -> Fix | None:
    """The candidate as a fix; None when it does not help, breaks something, or changes what the model computes."""
    retried = retry(candidate.edits)
    if retried.report is None or not retried.same:
        return None
    changed = compare(fault.evidence.report, retried.report)
    new = _new(changed)
    if fault.finding not in changed.resolved or any(each.level is Level.ERROR for each in new):
        return None
    if _said(fault.finding) in map(_said, changed.introduced):
        return None
    if candidate.needs_verdict and retried.report.verdict.outcome is not VerdictOutcome.PROVEN:
        return None
    unseen = () if candidate.only_exported else retried.unseen
    unproven = "; ".join(_unproven(unseen, retried.report, new))
    return Fix(
        title=candidate.title,
        applicability=Applicability.PLAUSIBLE if unproven else Applicability.PROVEN,
        text=candidate.note,
        diff=diff_on_disk(candidate.edits, fault.evidence.report.root),
        edits=candidate.edits,
        proof=_proof(retried.report),
        unproven=unproven,
        provider=f"sources.{name}",
    )


def tried_with(fault: Fault, fix: Fix, others: tuple[Edit, ...], retry: Retry) -> Fix:
    """A fix of a model that other findings keep from being captured, tried together with changes for those.

    It is proven when the model with all of them is captured, and does as before.
    """
    retried = retry(tuple(dict.fromkeys((*fix.edits, *others)))) if others else None
    if retried is None or retried.report is None or not retried.same:
        return fix
    changed = compare(fault.evidence.report, retried.report)
    if fault.finding not in changed.resolved or any(each.site.stand_in for each in retried.report.findings):
        return fix
    if any(each.level is Level.ERROR for each in _new(changed)) or not _is_captured(retried.report):
        return fix
    gone = len(changed.resolved) - 1
    with_others = (
        f"together with changes for {gone} other finding{'s' if gone != 1 else ''} the model is captured as it is"
    )
    return replace(fix, applicability=Applicability.PROVEN, proof=f"{fix.proof}; {with_others}", unproven="")


def _is_captured(report: Report) -> bool:
    return any(each.name == "capture" and each.outcome is Outcome.PASSED for each in report.passes)


def _new(changed: Comparison) -> list[Finding]:
    """What comes up. What says the same as before of other code is nothing new."""
    before = [_said(each) for each in changed.resolved]
    return [each for each in changed.introduced if _said(each) not in before]


def _said(finding: Finding) -> tuple[str, str, str]:
    return finding.id, finding.site.module, finding.message()


def _proof(report: Report) -> str:
    same = "eager results are the same on the sample inputs and on others"
    if report.exported and report.verdict.outcome is VerdictOutcome.PROVEN:
        return f"applied to a copy and exported: the finding is gone, {same}, and ONNX Runtime agrees"
    remain = len(report.findings)
    others = "one other finding remains" if remain == 1 else f"{remain} other findings remain"
    return f"applied to a copy and captured: the finding is gone, {same}; {others}"


def _unproven(unseen: tuple[str, ...], report: Report, new: list[Finding]) -> list[str]:
    """What speaks against calling it proven."""
    said = list(unseen)
    said += [f"{each.id} comes up: {each.message()}" for each in new]
    stand_ins = {each.site.stand_in for each in report.findings if each.site.stand_in}
    if stand_ins:
        said.append(NOT_CAPTURED)
    elif report.verdict.outcome is not VerdictOutcome.PROVEN and not report.count(Level.ERROR):
        said.append(f"the numbers of ONNX Runtime were not compared: {report.verdict.reason}")
    return said
