"""The export once more, with a function added to the registry: what becomes of the findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from onnxdx.passes import decompose, dispatch, functions, optimize, translate, validate, verify
from onnxdx.registry import OnnxRegistry
from onnxdx.values import OnnxDraft
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.sink import Collector


@dataclass(frozen=True)
class Outcome:
    """`resolved` says that the finding is gone; `introduced` are errors that were not there before."""

    resolved: bool
    introduced: tuple[Finding, ...]


def exported_again(draft: OnnxDraft, registry: OnnxRegistry, finding: Finding, before: Sequence[Finding]) -> Outcome:
    """What an export from the same capture says with the functions of `registry` added."""
    captured = draft.captured
    options = captured.request.options
    known = options.onnx_registry
    joined = known.joined(registry) if known is not None else registry
    request = replace(captured.request, options=replace(options, onnx_registry=joined))
    sink = Collector()
    placed = dispatch.run(decompose.run(replace(captured, request=request), sink), sink)
    made = translate.run(functions.run(placed, sink), sink)
    again = validate.run(optimize.run(made, sink), sink)
    if again.complete and not any(each.level is Level.ERROR for each in sink.findings):
        verify.run(again, sink)
    else:
        verify.survey(again, sink)
    said = {each.fault for each in before}
    introduced = tuple(each for each in sink.findings if each.fault not in said and each.level is not Level.NOTE)
    return Outcome(finding.fault not in {each.fault for each in sink.findings}, introduced)
