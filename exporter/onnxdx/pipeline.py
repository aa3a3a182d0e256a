"""The pipeline: the order of the passes, their timing, and what happens when one of them breaks."""

from __future__ import annotations

import datetime
import importlib.metadata
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from onnxdx import collector
from onnxdx.capture import varied_capture
from onnxdx.compat.pytree import leaves_of
from onnxdx.compat.torch_errors import is_out_of_memory
from onnxdx.errors import first_line
from onnxdx.graph.operators import computed
from onnxdx.memory import Memory, Same
from onnxdx.optimizations.bisection import first_wrong
from onnxdx.optimizations.steps import steps
from onnxdx.passes import capture, decompose, dispatch, functions, optimize, translate, validate, verify
from onnxdx.program import ONNXProgram
from onnxdx.request import SUPPORTED_OPSETS, ExportOptions, ExportRequest, Lacking
from onnxdx.shapes import size_limits
from onnxdx.values import (
    CapturedProgram,
    DecomposedProgram,
    DispatchPlan,
    FunctionPlan,
    OnnxDraft,
    Region,
    ValidatedDraft,
)
from onnxdx.weights import absent_weights
from onnxdx.weights.applied_weights import in_module, with_inputs
from onnxdx_diagnostics.events import Event, EventKind, Listener, unheard
from onnxdx_diagnostics.finding import Finding, Level, Site
from onnxdx_diagnostics.report import NOT_VERIFIED, Outcome, PassRecord, Report, Verdict, VerdictOutcome
from onnxdx_diagnostics.rules.dx608_pass_changes_numbers import PassChangesNumbers
from onnxdx_diagnostics.rules.dx609_no_pass_to_blame import NoPassToBlame
from onnxdx_diagnostics.rules.dx706_unsupported_opset import UnsupportedOpset
from onnxdx_diagnostics.rules.dx803_out_of_memory import OutOfMemory
from onnxdx_diagnostics.rules.dx901_internal_error import InternalError
from onnxdx_diagnostics.sink import Collector, Sink

A = TypeVar("A")
B = TypeVar("B")
# The user's code may replace what modules offer, and the clock is read after it has run.
_now, _clock = time.time, time.perf_counter
PASSES = ("capture", "decompose", "dispatch", "functions", "translate", "optimize", "validate", "verify")


def run(
    request: ExportRequest, listener: Listener = unheard, memory: Memory | None = None
) -> tuple[ONNXProgram | None, Report]:
    """Export: every pass runs that can, whatever the passes before it had to say.

    The program is None when nothing could be captured at all; it is partial (`report.exported` is false) when something
    stands in the way. What is in `memory`, from exports of the same model and inputs, is not worked out again. Raises
    KeyboardInterrupt only.
    """
    with collector.spared(), absent_weights.prepared(request) as ready:
        return _exported(ready, listener, memory or Memory())


def _exported(request: ExportRequest, listener: Listener, memory: Memory) -> tuple[ONNXProgram | None, Report]:
    run = _Run(request, listener, memory)
    listener(Event(EventKind.RUN_STARTED, request.target, _now()))
    if request.options.opset_version not in SUPPORTED_OPSETS:
        low, high = SUPPORTED_OPSETS[0], SUPPORTED_OPSETS[-1]
        run.emit(UnsupportedOpset(Site(request.call_site), request.options.opset_version, low, high))
        return None, run.report(None, NOT_VERIFIED)
    return _translated(run, run.step("capture", run.captures, request))


def run_after_capture(captured: CapturedProgram, options: ExportOptions) -> tuple[ONNXProgram | None, Report]:
    """What an export gives that has captured the model already and goes on with these options; as `run`."""
    request = replace(captured.request, options=options)
    return _translated(_Run(request, unheard, Memory()), replace(captured, request=request))


def _translated(run: _Run, captured: CapturedProgram | None) -> tuple[ONNXProgram | None, Report]:
    run.stand_in = captured.mode.stand_in if captured else ""
    run.captured = captured
    decomposed = run.step("decompose", decompose.run, captured)
    dispatched = run.step("dispatch", dispatch.run, decomposed)
    planned = run.step("functions", functions.run, dispatched)
    translated = run.step("translate", translate.run, planned)
    optimized = run.step("optimize", optimize.run, translated)
    validated = run.step("validate", _validated, optimized)
    draft = validated.draft if validated is not None else None
    if run.verifies(draft):
        verdict = run.step("verify", _verified, validated) or run.not_verified(draft)
    else:
        run.survey(draft)
        verdict = run.not_verified(draft)
    report = run.report(draft, verdict)
    run.listener(Event(EventKind.RUN_ENDED, "exported" if report.exported else "failed", _now()))
    return (ONNXProgram(draft, report) if draft is not None else None), report


def verified(
    draft: OnnxDraft, report: Report, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[OnnxDraft, Report]:
    """A program that was exported without values, compared with eager now that it has them; the inputs of the export
    are taken when none are given. Raises ValueError when weights or inputs have no values.
    """
    request = draft.captured.request
    if not args and not kwargs:
        args, kwargs = request.args, request.kwargs
    absent_weights.require_values(draft.model)
    if any(map(absent_weights.is_empty, leaves_of((args, dict(kwargs))))):
        raise ValueError("the inputs of the export have no values: give `verify` inputs as the model takes them")
    ready = with_inputs(draft, args, kwargs)
    run = _Run(ready.captured.request, unheard, Memory(), captured=ready.captured)
    with in_module(ready.captured):
        verdict = run.step("verify", _verified, ValidatedDraft(ready)) or run.not_verified(ready)
    earlier = tuple(record for record in report.passes if record.name != "verify")
    findings = (*report.findings, *run.sink.findings)
    return ready, replace(report, findings=findings, passes=(*earlier, *run.records), verdict=verdict)


@dataclass
class _Run:
    request: ExportRequest
    listener: Listener
    memory: Memory
    sink: Collector = field(default_factory=Collector)
    records: list[PassRecord] = field(default_factory=list)
    started: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.timezone.utc))
    clock: float = field(default_factory=_clock)
    stand_in: str = ""
    captured: CapturedProgram | None = None
    lost: set[str] = field(default_factory=set)

    def emit(self, finding: Finding) -> None:
        """Take a finding and tell the listener (passes get this as their sink)."""
        if self.stand_in:
            finding = replace(finding, site=replace(finding.site, stand_in=self.stand_in))
        self.sink.emit(finding)
        self.listener(Event(EventKind.FINDING, finding.id, _now(), {"message": finding.message()}, finding))

    def record(self, facts: Mapping[str, str | int | float]) -> None:
        """Take what a pass tells of its own work, for its record."""
        self.sink.record(facts)

    def step(self, name: str, work: Callable[[A, _Run], B | None], value: A | None) -> B | None:
        """Run one pass on what the pass before it gave; None in, None out. Its own crash is a finding."""
        if value is None:
            self.records.append(PassRecord(name, Outcome.NOT_RUN))
            return None
        self.listener(Event(EventKind.PASS_STARTED, name, _now()))
        self.sink.facts.clear()
        errors_before = self._errors()
        start = _clock()
        trace = ""
        try:
            result = work(value, self)
        except Exception as error:  # a bug of ours, or no memory, must not hide what is known so far
            self.emit(_crash(name, error, self.request))
            trace = "".join(traceback.format_exception(error))
            result = None
        self._keep_dims(name)
        seconds = _clock() - start
        clean = self._errors() == errors_before
        outcome = Outcome.FAILED if result is None else Outcome.PASSED if clean else Outcome.RECOVERED
        self.records.append(PassRecord(name, outcome, seconds, {**_facts(result), **self.sink.facts}))
        facts = {"outcome": outcome.value, "seconds": seconds, **({"traceback": trace} if trace else {})}
        self.listener(Event(EventKind.PASS_ENDED, name, _now(), facts))
        return result

    def captures(self, request: ExportRequest, sink: Sink) -> CapturedProgram | None:
        """The captured model. Of the options only some matter to it; with the same ones it is captured once."""
        options = request.options
        given = (Same(request.dynamic_shapes), request.lacking)
        key = ("capture", *given, options.training, options.recovery_budget, options.thorough)
        if key in self.memory:
            sink.record({"kept": 1})
        captured = self.memory.said_once(key, _captured, request, sink)
        if captured is None:
            return None
        return replace(captured, request=replace(captured.request, options=options), memory=self.memory)

    def _keep_dims(self, name: str) -> None:
        """Say which dims of the capture this pass has made numbers of."""
        for finding in size_limits.lost(self.captured, name) if self.captured is not None else ():
            if finding.dim not in self.lost:
                self.lost.add(finding.dim)
                self.emit(finding)

    def _errors(self) -> int:
        return sum(finding.level is Level.ERROR for finding in self.sink.findings)

    def verifies(self, draft: OnnxDraft | None) -> bool:
        """Whether there is something to verify, and it was asked for."""
        asked = self.request.options.verify and self.request.lacking is Lacking.NOTHING
        return asked and draft is not None and draft.complete and not self._errors()

    def survey(self, draft: OnnxDraft | None) -> None:
        """Let the operators speak that do not depend on what stands in the way; there is no verdict."""
        asked = draft if self.request.options.verify and self.request.lacking is Lacking.NOTHING else None
        self.step("verify", _survey, asked)
        self.records[-1] = replace(self.records[-1], outcome=Outcome.NOT_RUN)

    def not_verified(self, draft: OnnxDraft | None) -> Verdict:
        """Why there is no verdict."""
        if not self.request.options.verify:
            return Verdict(VerdictOutcome.NOT_RUN, "verification was not asked for")
        if self.request.lacking is not Lacking.NOTHING:
            return Verdict(VerdictOutcome.NOT_RUN, self.request.lacking.value)
        if draft is not None and draft.complete and not self._errors():
            return Verdict(VerdictOutcome.NOT_RUN, "verification broke")
        return Verdict(VerdictOutcome.NOT_RUN, "the export has errors")

    def report(self, draft: OnnxDraft | None, verdict: Verdict) -> Report:
        """Everything said so far, as a report. A model is exported when it is complete and valid."""
        failing = [finding for finding in self.sink.findings if finding.level is Level.ERROR and finding.id < "DX6"]
        return Report(
            target=self.request.target,
            exported=draft is not None and draft.complete and not failing and not self._crashed(),
            findings=self.sink.findings,
            passes=tuple(self.records),
            verdict=verdict,
            root=self.request.root,
            environment=_environment(),
            started=self.started.isoformat(timespec="milliseconds"),
            seconds=_clock() - self.clock,
        )

    def _crashed(self) -> bool:
        return any(finding.id.startswith("DX9") for finding in self.sink.findings)


def _captured(request: ExportRequest, sink: Sink) -> CapturedProgram | None:
    """The captured model; looked at twice where that was asked for."""
    captured = capture.run(request, sink)
    thorough = request.options.thorough and request.lacking is Lacking.NOTHING
    if captured is not None and not captured.recovered and thorough:
        for finding in varied_capture.findings(captured, lambda again: capture.run(again, Collector())):
            sink.emit(finding)
    return captured


def _verified(validated: ValidatedDraft, sink: Sink) -> Verdict:
    verdict = verify.run(validated, sink, _flat)
    if verdict.outcome is VerdictOutcome.DIFFERS and validated.draft.captured.request.options.bisect_passes:
        sink.emit(_blamed(validated.draft))
    return verdict


def _blamed(draft: OnnxDraft) -> Finding:
    """The optimisation pass that changes the numbers: with those before it alone the model is proven."""

    def is_proven(count: int) -> bool:
        again = optimize.run(translate.run(draft.plan, Collector()), Collector(), count)
        return verify.run(ValidatedDraft(again), Collector(), _flat).outcome is VerdictOutcome.PROVEN

    passes = steps(draft.captured.request.options)
    site = draft.captured.sources.fallback()
    wrong = first_wrong(len(passes), is_proven)
    return (
        PassChangesNumbers(site, passes[wrong].name, passes[wrong].written)
        if wrong is not None
        else NoPassToBlame(site)
    )


def _survey(draft: OnnxDraft, sink: Sink) -> OnnxDraft:
    verify.survey(_flat(draft), sink)
    return draft


def _validated(draft: OnnxDraft, sink: Sink) -> ValidatedDraft:
    """The validated draft. What is wrong in a function is told for each of its calls, as without functions."""
    if not draft.model.functions:
        return validate.run(draft, sink)
    within, flat = Collector(), Collector()
    validated = validate.run(draft, within)
    if within.findings:
        _flat(draft, flat)
    for finding in flat.findings or within.findings:
        sink.emit(finding)
    return validated


def _flat(draft: OnnxDraft, sink: Sink | None = None) -> OnnxDraft:
    """A draft without calls of functions, in which one operator does not hide others.

    `sink` hears what validation has to say of it; the rest is known.
    """
    if not draft.model.functions:
        return draft
    items = computed(draft.plan.plan.program.graph)
    flat = translate.run(FunctionPlan(draft.plan.plan, Region("", "", items)), Collector())
    return validate.run(optimize.run(flat, Collector()), sink or Collector()).draft


def _facts(result: object) -> dict[str, str | int | float]:
    """What is worth knowing of a pass's result: counts, for the run's record."""
    match result:
        case CapturedProgram():
            return {"mode": result.mode.value, "nodes": len(result.exported.graph.nodes)}
        case DecomposedProgram():
            return {"nodes": sum(len(graph.nodes) for _, graph in result.graphs())}
        case DispatchPlan():
            return {"placed": len(result.placements)}
        case ValidatedDraft():
            return _facts(result.draft)
        case OnnxDraft():
            return {"nodes": len(result.model.graph), "functions": len(result.model.functions)}
        case Verdict():
            return {"trials": len(result.trials)}
        case _:
            return {}


def _crash(name: str, error: Exception, request: ExportRequest) -> Finding:
    reason = f"{type(error).__name__}: {first_line(error)}"
    if is_out_of_memory(error):
        return OutOfMemory(Site(request.call_site), name, reason.rstrip(": "))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename}:{frame.lineno} in {frame.name}"
    return InternalError(Site(request.call_site), name, reason, where)


def _environment() -> dict[str, str]:
    packages = ("onnxdx", "torch", "onnx", "onnxscript", "onnx-ir", "onnxruntime")
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
