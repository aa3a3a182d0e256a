"""Fixes of what stands in the way of capture, as changes of the user's source (see `rewrites` for what there is).

Each is exported and compared before it is offered.
"""

from __future__ import annotations

from collections.abc import Iterator

from onnxdx.fixes import Evidence
from onnxdx.fixes.sources import proof, rewrites
from onnxdx.fixes.sources.fault import Candidate, Fault, fault_of
from onnxdx.fixes.sources.source_file import SourceFile
from onnxdx_diagnostics.edits import EditMisfits, edited
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Applicability, Edit, Fix

RULES = frozenset[str]().union(*(rewrite.RULES for _, rewrite in rewrites.found()))
MOST_TRIED = 6
"""So many candidates of one finding are tried, as each costs an export."""


def offers(finding: Finding, evidence: Evidence) -> Iterator[Fix]:
    """The first change that is proven; where none is, all that are plausible."""
    if evidence.retry is None:
        return
    fault = fault_of(finding, evidence)
    if fault is None:
        return
    plausible = []
    for name, candidate in sorted(_candidates(fault), key=lambda each: each[1].cost)[:MOST_TRIED]:
        fix = proof.tried(fault, candidate, evidence.retry, name)
        if fix is None:
            continue
        if fix.unproven == proof.NOT_CAPTURED:
            fix = proof.tried_with(fault, fix, _for_others(fault, candidate), evidence.retry)
        if fix.applicability is Applicability.PROVEN:
            yield fix
            return
        plausible.append(fix)
    yield from plausible


def _for_others(fault: Fault, candidate: Candidate) -> tuple[Edit, ...]:
    """The likeliest changes for the other findings that keep the model from being captured."""
    edits: tuple[Edit, ...] = ()
    for finding in fault.evidence.report.at_least(Level.ERROR):
        if finding == fault.finding or finding.id not in RULES or not finding.id.startswith(("DX1", "DX2")):
            continue
        other = fault_of(finding, fault.evidence)
        found = sorted(_candidates(other), key=lambda each: each[1].cost) if other is not None else []
        for _, each in found[:1]:
            joined = Candidate("", tuple(dict.fromkeys((*candidate.edits, *edits, *each.edits))))
            if _is_python(fault, joined):
                edits = tuple(edit for edit in joined.edits if edit not in candidate.edits)
    return edits


def _candidates(fault: Fault) -> Iterator[tuple[str, Candidate]]:
    """What the rewrites make of the fault, each change once, and only those after which the files are still Python."""
    seen = set()
    for name, rewrite in rewrites.found():
        if fault.finding.id not in rewrite.RULES:
            continue
        for candidate in rewrite.candidates(fault):
            if candidate.edits not in seen and _is_python(fault, candidate):
                seen.add(candidate.edits)
                yield name, candidate


def _is_python(fault: Fault, candidate: Candidate) -> bool:
    files = {edit.path: fault.other_file(edit.path) for edit in candidate.edits}
    texts = {path: file.text for path, file in files.items() if file is not None}
    try:
        changed = edited(candidate.edits, texts)
        for path, text in changed.items():
            compile(text, path, "exec", dont_inherit=True)
    except (EditMisfits, SyntaxError, ValueError):
        return False
    return all(SourceFile(path, text).text != texts.get(path) for path, text in changed.items())
