"""Two reports of one target compared: which findings are resolved, which remain, and which are new.

A finding is known again by rule, module and subject (`fingerprint`), so that moved lines and renumbered nodes change
nothing. Of several that agree in these, those that say the same on the same text are paired first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fingerprint import in_source_order, module_of, subject
from onnxdx_diagnostics.report import Outcome, Report

_ONLY_WHEN_LOOKED_FOR = {
    "DX1": "capture",
    "DX2": "decompose",
    "DX3": "dispatch",
    "DX4": "functions",
    "DX5": "validate",
    "DX6": "verify",
}
"""The first pass that a family of rules needs to have run."""


@dataclass(frozen=True)
class Comparison:
    """What became of the findings of one run in the next.

    `resolved` are findings of the first run, `remaining` and `introduced` of the second. Where a pass ran only once,
    its findings are neither: `unchecked` are those of the first run that the second did not look for, `revealed` those
    of the second that the first did not look for.
    """

    resolved: tuple[Finding, ...] = ()
    remaining: tuple[Finding, ...] = ()
    introduced: tuple[Finding, ...] = ()
    unchecked: tuple[Finding, ...] = ()
    revealed: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        counts = [
            f"{len(self.resolved)} resolved",
            f"{len(self.remaining)} remaining",
            f"{len(self.introduced)} introduced",
        ]
        if self.revealed:
            counts.append(f"{len(self.revealed)} not looked for before")
        if self.unchecked:
            counts.append(f"{len(self.unchecked)} not looked for again")
        return ", ".join(counts)


def compare(before: Report, after: Report) -> Comparison:
    """What became of the findings of `before` in `after`, each in the order of its report."""
    pairs = _pairs(before.findings, after.findings)
    gone = [finding for index, finding in enumerate(before.findings) if index not in pairs]
    came = [finding for index, finding in enumerate(after.findings) if index not in pairs.values()]
    return Comparison(
        resolved=tuple(finding for finding in gone if _looked_for(finding, after)),
        remaining=tuple(after.findings[index] for index in sorted(pairs.values())),
        introduced=tuple(finding for finding in came if _looked_for(finding, before)),
        unchecked=tuple(finding for finding in gone if not _looked_for(finding, after)),
        revealed=tuple(finding for finding in came if not _looked_for(finding, before)),
    )


def _pairs(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> dict[int, int]:
    """Positions in `before` to those in `after` of findings that are the same, the surest first."""
    pairs: dict[int, int] = {}
    for keys in (_exactly, _by_message, _by_subject, _by_any_module):
        taken = set(pairs.values())
        open_before = [index for index in in_source_order(before) if index not in pairs]
        open_after = [index for index in in_source_order(after) if index not in taken]
        pairs.update(_paired(before, open_before, after, open_after, keys))
    return pairs


def _paired(
    before: tuple[Finding, ...],
    open_before: list[int],
    after: tuple[Finding, ...],
    open_after: list[int],
    keys: Callable[[Finding], list[Hashable]],
) -> dict[int, int]:
    """Pairs that share a key, in order."""
    waiting: dict[Hashable, list[int]] = {}
    for index in open_after:
        for key in keys(after[index]):
            waiting.setdefault(key, []).append(index)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for index in open_before:
        candidates = [found for key in keys(before[index]) for found in waiting.get(key, ()) if found not in taken]
        if candidates:
            pairs[index] = candidates[0]
            taken.add(candidates[0])
    return pairs


def _exactly(finding: Finding) -> list[Hashable]:
    at = finding.site.location
    text = "\n".join(line.strip() for line in at.snippet.splitlines()) if at else ""
    return [(finding.id, module_of(finding), subject(finding), finding.message(), text)]


def _by_message(finding: Finding) -> list[Hashable]:
    return [(finding.id, module_of(finding), subject(finding), finding.message())]


def _by_subject(finding: Finding) -> list[Hashable]:
    return [(finding.id, module_of(finding), subject(finding))]


def _by_any_module(finding: Finding) -> list[Hashable]:
    """Of a fault in many layers that is gone from some, the rest is known by what it has in common with the whole."""
    return [(finding.id, module, subject(finding)) for module in finding.site.modules]


def _looked_for(finding: Finding, report: Report) -> bool:
    """Whether a run could have said this finding."""
    needed = _ONLY_WHEN_LOOKED_FOR.get(finding.id[:3])
    if needed is None:
        return True
    record = next((record for record in report.passes if record.name == needed), None)
    if record is None:
        return False
    # a model with errors gets no verdict, but its operators are looked at one by one
    surveyed = needed == "verify" and record.seconds > 0 and bool(finding.site.op)
    return record.outcome is not Outcome.NOT_RUN or surveyed
