"""Fixes for operators without an ONNX function: one for the registry file, run against eager before it is offered.

The ways to such a function are tried in the order of `ways.WAYS`. What a way offers is text, as a person would write
it; the text is compiled, run on the values that the operator has in the model and on further draws, and then the model
is exported again with it. The first that stands all of this is the fix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from onnxdx.fixes import Evidence
from onnxdx.fixes.operators.again import exported_again
from onnxdx.fixes.operators.function_text import Candidate
from onnxdx.fixes.operators.proof import Proof, Refuted, compiled, proven
from onnxdx.fixes.operators.small_program import Untraceable
from onnxdx.fixes.operators.stub import manual_fix, never, returns_whole_numbers
from onnxdx.fixes.operators.uses import Operator, operator_of
from onnxdx.fixes.operators.ways import WAYS, python_body
from onnxdx.user_functions.registry_source import FunctionSource, NoRegistryText, RegisteredAlready, registry_edit
from onnxdx.values import OnnxDraft
from onnxdx_diagnostics.edits import diff_of, edited
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Applicability, Fix
from onnxdx_diagnostics.rules.dx715_no_kernel_here import NoKernelHere
from onnxdx_diagnostics.text_file import NotText, read

RULES = frozenset({"DX202", "DX203", "DX204", "DX301", "DX302", "DX303", "DX305", "DX307", "DX309", "DX715"})


def offers(finding: Finding, evidence: Evidence) -> Iterator[Fix]:
    """The first function for the operator of the finding that is proven; the reasons where there is none."""
    draft = evidence.program.draft if evidence.program is not None else None
    operator = operator_of(finding, draft) if draft is not None else None
    if draft is None or operator is None:
        return
    reasons: list[str] = []
    if never(operator.target) or returns_whole_numbers(operator.target):
        yield manual_fix(operator, reasons)
        return
    if isinstance(finding, NoKernelHere):
        yield from _bodies_of_nodes(finding, operator, draft, evidence)
        return
    for candidate in _candidates(operator, reasons):
        try:
            yield _proven_fix(candidate, operator, draft, finding, evidence)
        except Refuted as refuted:
            reasons.append(f"{candidate.how.rstrip('.')}: {refuted}")
            continue
        return
    yield manual_fix(operator, reasons)


def _bodies_of_nodes(finding: NoKernelHere, operator: Operator, draft: OnnxDraft, evidence: Evidence) -> Iterator[Fix]:
    """A body in ONNX for a node that no runtime here has a kernel for, when its body in Python can be traced."""
    domain, _, name = finding.onnx_operator.partition("::")
    try:
        for candidate in python_body.scripts(operator, domain, name):
            fix = _proven_fix(candidate, operator, draft, finding, evidence)
            yield replace(fix, text="The function that names the node is not used any more, and can be taken away.")
    except (Untraceable, Refuted) as error:
        what = f"Write the body of `{finding.onnx_operator}` in ONNX by hand"
        yield Fix(f"{what}, or give the session options that load its kernel.", text=f"{python_body.NAME}: {error}")


def _candidates(operator: Operator, reasons: list[str]) -> Iterator[Candidate]:
    for way in WAYS:
        try:
            yield from way.candidates(operator)
        except Untraceable as error:
            reasons.append(f"{way.NAME}: {error}")


def _proven_fix(
    candidate: Candidate, operator: Operator, draft: OnnxDraft, finding: Finding, evidence: Evidence
) -> Fix:
    """Raises Refuted when the candidate is not what the operator is, or when the model is no better with it."""
    proof = proven(operator, candidate)
    source = candidate.source(proof.needed, proof.sentence())
    outcome = exported_again(draft, compiled(source), finding, evidence.report.findings)
    if not outcome.resolved:
        raise Refuted("the finding stays")
    if outcome.introduced:
        raise Refuted(f"exported with it, {outcome.introduced[0].message()}")
    return _fix(source, proof, evidence)


def _fix(source: FunctionSource, proof: Proof, evidence: Evidence) -> Fix:
    path = evidence.registry_file
    try:
        edits = registry_edit(path, source)
        found = read(path)
    except (NoRegistryText, RegisteredAlready, NotText, OSError) as error:
        raise Refuted(f"it cannot be added to {path.name}: {error}") from error
    before = {str(path): found.text} if found is not None else {}
    return Fix(
        title=f"Add an ONNX function for `{source.operator}` to {path.name}",
        applicability=Applicability.PROVEN if proof.complete else Applicability.PLAUSIBLE,
        diff=diff_of(before, edited(edits, before), evidence.request.root),
        edits=edits,
        proof=proof.sentence(),
        unproven="" if proof.complete else "It was not tried on the values that the operator has in the model.",
    )
