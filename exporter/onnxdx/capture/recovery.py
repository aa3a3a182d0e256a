"""Recovery: all that is to be said of a model that torch.export does not capture, and a graph for the later passes.

A ladder of ways, the cheapest and most exact one first: dynamo where it may help, a stand-in that goes on by the values
of the sample inputs, and a recording of one run where that lost something. Each is taken while there is time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

import torch
from torch.export import ExportedProgram

from onnxdx.capture.attempts import Attempts, StandIn
from onnxdx.capture.dynamo_trial import DynamoTrial
from onnxdx.capture.recorded_run import RecordedRun
from onnxdx.capture.sample_values import Broken
from onnxdx.compat.torch_errors import (
    GuardOnDataDependentSymNode,
    breaks_schema,
    is_size_as_key,
    is_violation,
    names_a_number,
)
from onnxdx.compat.torch_operators import OpOverload
from onnxdx.faults import custom_operators, silent_faults
from onnxdx.registry import OnnxRegistry
from onnxdx.request import Lacking
from onnxdx.user_code import capture_errors
from onnxdx.user_code.stacks import chain_of
from onnxdx.values import CaptureMode
from onnxdx_diagnostics.finding import Finding, Frame, Location
from onnxdx_diagnostics.rules.dx101_data_dependent_branch import DataDependentBranch
from onnxdx_diagnostics.rules.dx103_data_dependent_size import DataDependentSize
from onnxdx_diagnostics.rules.dx111_no_fake_kernel import NoFakeKernel
from onnxdx_diagnostics.rules.dx120_control_flow_misfit import ControlFlowMisfit
from onnxdx_diagnostics.rules.dx308_layout_not_supported import LayoutNotSupported

T = TypeVar("T")

OUT_OF_TIME = "skipped: the recovery budget is spent"


@dataclass
class Budget:
    """The time that recovery may take. `facts` tells of each rung what it took, in seconds, or why it was skipped."""

    seconds: float
    facts: dict[str, str | int | float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def rung(self, name: str, work: Callable[[], T]) -> T | None:
        """The result of `work`; None when no time is left for it."""
        start = time.perf_counter()
        if start - self.started >= self.seconds:
            self.facts[name] = OUT_OF_TIME
            return None
        try:
            return work()
        finally:
            self.facts[name] = round(time.perf_counter() - start, 3)


@dataclass(frozen=True)
class Recovered:
    """What is to be said, and a program; its mode is that of a capture as asked for when there is one after all."""

    findings: tuple[Finding, ...] = ()
    exported: ExportedProgram | None = None
    mode: CaptureMode = CaptureMode.DRAFT


def recover(attempts: Attempts, error: BaseException, budget: Budget) -> Recovered:
    """What there is for a model whose non-strict capture raised `error`."""
    recovered = _climbed(attempts, error, budget)
    findings = recovered.findings
    if recovered.exported is None or not any(isinstance(finding, DataDependentSize) for finding in findings):
        return recovered
    unplaced = set(_unplaced_sizes(recovered.exported, attempts))
    kept = (each for each in findings if not isinstance(each, DataDependentSize) or _line(each) not in unplaced)
    return replace(recovered, findings=tuple(kept))


def _unplaced_sizes(exported: ExportedProgram, attempts: Attempts) -> Iterator[tuple[str, int] | None]:
    """The lines of operators whose result has a size by data and that ONNX has nothing for: that is told of them."""
    registry = attempts.request.options.onnx_registry or OnnxRegistry()
    for node in exported.graph.nodes:
        sized_by_data = isinstance(node.target, OpOverload) and torch.Tag.dynamic_output_shape in node.target.tags
        if sized_by_data and not registry.entries(node.target):
            yield _place(attempts.sources.site(node).location)


def _climbed(attempts: Attempts, error: BaseException, budget: Budget) -> Recovered:
    """Up the ladder, until there is a program.

    The faults that the stand-in runs into are known best, with their stack and their number. What the exceptions tell
    is added where the stand-in says nothing of that line.
    """
    told = capture_errors.explained(error, attempts.sources)
    unknown = list(attempts.unknown_inputs())
    remote = told is None and not unknown and not is_violation(error)
    trial = DynamoTrial(attempts, error)
    if remote:
        with trial.watching():
            broken = budget.rung("eager", attempts.fails_in_eager)
        if broken is not None:
            return Recovered((broken,))
    strict: ExportedProgram | BaseException | None = None
    if not unknown and _dynamo_may_help(attempts, error, told):
        strict = budget.rung("trial", trial.failure)
        if strict is None:
            strict = budget.rung("strict", lambda: attempts.capture(strict=True))
        if isinstance(strict, ExportedProgram):
            return Recovered((), strict, CaptureMode.STRICT)
    failed = strict if isinstance(strict, BaseException) else None
    if attempts.request.lacking is not Lacking.NOTHING:
        budget.facts["stand-in"] = f"skipped: {attempts.request.lacking.value}"
        return Recovered(tuple(_added(_of_error(error, failed, told, unknown, attempts), unknown)))
    stand_in = budget.rung("stand-in", attempts.stand_in)
    findings = _added(unknown, _of_stand_in(stand_in, attempts) if stand_in is not None else ())
    if stand_in is not None and not findings and _holds_anyway(error, stand_in, attempts):
        asserting = budget.rung("asserting", attempts.capture_asserting)
        if isinstance(asserting, ExportedProgram):
            return Recovered((), asserting, CaptureMode.NON_STRICT)
    told_elsewhere = attempts.reads_packed(error) and stand_in is not None and stand_in.exported is not None
    if not unknown and not told_elsewhere and not (told is None and _misled(stand_in, attempts)):
        findings = _added(_of_error(error, failed, told, findings, attempts), findings)
    if stand_in is not None and stand_in.writes_numbers:
        symbols = budget.rung("texts", lambda: attempts.stand_in(numbers_written=False))
        findings = _added(findings, _of_texts(symbols, attempts) if symbols is not None else ())
    ended = stand_in.error if stand_in is not None else None
    if ended is not None and attempts.line_of(ended) != attempts.line_of(error):
        findings = _added(findings, _behind(ended, attempts))
    if stand_in is not None and stand_in.exported is not None and not stand_in.values.lost:
        return Recovered(tuple(findings), stand_in.exported, stand_in.mode)
    recorded = budget.rung("recording", attempts.recorded)
    if isinstance(recorded, RecordedRun):
        findings = _added(findings, _of_recording(recorded, attempts))
        return Recovered(tuple(findings), recorded.exported, CaptureMode.RECORDED)
    exported = stand_in.exported if stand_in is not None else None
    return Recovered(tuple(findings), exported, stand_in.mode if stand_in is not None else CaptureMode.DRAFT)


def _holds_anyway(error: BaseException, stand_in: StandIn, attempts: Attempts) -> bool:
    """Whether torch misses only the proof of a condition on sizes: the stand-in found no size that breaks one."""
    whole = stand_in.exported is not None and stand_in.error is None and not stand_in.values.faults
    return is_violation(error) and whole and not stand_in.guesses and not attempts.asked.misfits


def _misled(stand_in: StandIn | None, attempts: Attempts) -> bool:
    """Whether a wrong fake kernel ended the capture: with the results of the real one it went through."""
    exported = stand_in.exported if stand_in is not None and stand_in.error is None else None
    if exported is None:
        return False
    return bool(silent_faults.wrong_operators(exported, attempts.request, attempts.sources))


def _dynamo_may_help(attempts: Attempts, error: BaseException, told: Finding | None) -> bool:
    """Whether strict capture can do what non-strict capture cannot.

    It follows numpy and conversions to numbers, and turns an `assert` on data into one of the graph; a decision on data
    it can take no more than non-strict capture, an operator without fake kernel or on nested rows runs in neither.
    """
    if any(isinstance(module, torch.jit.ScriptModule) for module in attempts.request.model.modules()):
        return False
    if isinstance(told, DataDependentBranch):
        return told.keyword == "assert"
    return not isinstance(told, (NoFakeKernel, ControlFlowMisfit, LayoutNotSupported))


def _of_stand_in(stand_in: StandIn, attempts: Attempts) -> Iterator[Finding]:
    """One finding for each guess and each answer on a stack of its own, for lost dims, and for types and operators."""
    sources, values = attempts.sources, stand_in.values
    for path, spots in values.scripted.items():
        yield capture_errors.script_module(spots, path, sources)
    guessed = (
        capture_errors.data_dependent(g.condition, g.spots, sources, g.module, truth=g.truth) for g in stand_in.guesses
    )
    answered = (
        capture_errors.of_fault(f.error, f.spots, sources, f.module, f.operator)
        for f in values.faults
        if not _breaks_schema(f.error, attempts)
    )
    seen: set[tuple[object, ...]] = set()
    for finding in (*guessed, *answered):
        # one expression that torch stumbles over several times inside is one fault
        key = (finding.site.location, _outer(finding), finding.site.module)
        if key not in seen:
            seen.add(key)
            yield finding
    yield from stand_in.promises
    yield from capture_errors.unknown_outputs(attempts.request.model, values.outputs, sources)
    if stand_in.exported is not None:
        yield from capture_errors.missing_fake_kernels(stand_in.exported.graph, sources)


def _of_texts(symbols: StandIn, attempts: Attempts) -> Iterator[Finding]:
    """The lines that look for something under a text, with a number from a tensor in it."""
    for fault in symbols.values.faults:
        if any(map(names_a_number, chain_of(fault.error))):
            yield capture_errors.of_fault(fault.error, fault.spots, attempts.sources, fault.module)
    ended = symbols.error
    if ended is not None and any(map(names_a_number, chain_of(ended))):
        yield from filter(None, [capture_errors.explained(ended, attempts.sources)])


def _breaks_schema(error: BaseException, attempts: Attempts) -> bool:
    """Whether an operator does what its schema denies, which is told of the schema itself."""
    request = attempts.request
    return any(map(breaks_schema, chain_of(error))) and bool(
        custom_operators.findings(request.model, request.args, request.kwargs, attempts.sources)
    )


def _of_recording(recorded: RecordedRun, attempts: Attempts) -> Iterator[Finding]:
    """What a recording tells that the stand-in did not get to."""
    sources = attempts.sources
    for need in recorded.needs:
        yield capture_errors.of_need(need.spots, sources, need.module, reads=need.reads)
    yield from capture_errors.unknown_outputs(attempts.request.model, recorded.outputs, sources)
    yield from capture_errors.missing_fake_kernels(recorded.exported.graph, sources)


def _of_error(
    error: BaseException,
    strict: BaseException | None,
    told: Finding | None,
    known: list[Finding],
    attempts: Attempts,
) -> list[Finding]:
    """What the error of the non-strict capture adds to what is known."""
    lines = {_line(finding) for finding in known}
    if told is not None:
        return [told] if _line(told) not in lines else []
    if is_violation(error):
        unsaid = not known and not attempts.asked.misfits
        return [capture_errors.unexplained([error], attempts.sources)] if unsaid else []
    line = attempts.line_of(error)
    if line in lines or (line is None and known) or _breaks_schema(error, attempts):
        return []
    if is_size_as_key(error) and known and strict is not None and attempts.line_of(strict) != line:
        return []  # dynamo got over it, and what ended it is known
    scripts: list[Finding] = list(capture_errors.script_modules(attempts.request.model, error, attempts.sources))
    return _added(scripts or [_best(error, strict, attempts)], _further_down(error, strict, attempts))


def _best(error: BaseException, strict: BaseException | None, attempts: Attempts) -> Finding:
    """The finding for a capture that failed for no reason that the class of the error tells.

    Dynamo's reason counts only where that of non-strict capture has no line: there are things that only dynamo minds.
    """
    told = capture_errors.explained(strict, attempts.sources) if strict is not None else None
    errors = [error, *([strict] if strict is not None else [])]
    if told is None or _line(told) in (None, _place(attempts.request.call_site)):
        return capture_errors.unexplained(errors, attempts.sources)
    if attempts.line_of(error) is not None:
        return capture_errors.unexplained(errors, attempts.sources)
    return told


def _further_down(error: BaseException, strict: BaseException | None, attempts: Attempts) -> Iterator[Finding]:
    """What ended strict capture, when that was further down in the function that raised `error`: it got over that."""
    if strict is None:
        return
    sources = attempts.sources
    stacks = [[spot for spot in sources.spots_of_error(each) if sources.is_user(spot.path)] for each in (error, strict)]
    for one, other in zip(*stacks, strict=False):
        if one.line != other.line:
            told = capture_errors.explained(strict, sources)
            if told is not None and one.line < other.line and (one.path, one.function) == (other.path, other.function):
                yield told
            return


def _behind(error: BaseException, attempts: Attempts) -> Iterator[Finding]:
    """What ended the stand-in: a further fault, when it has a line of its own.

    That a decision depends on data is none: the stand-in guesses, and fails only where torch has lost the values. Nor
    is a module that fails on what torch takes for the values, while the model runs.
    """
    if any(isinstance(link, GuardOnDataDependentSymNode) for link in chain_of(error)):
        return
    told = capture_errors.explained(error, attempts.sources)
    if told is None and attempts.line_of(error) is not None and not _breaks_schema(error, attempts):
        told = attempts.fails_in_eager()
        if told is None and not isinstance(error, Broken):
            told = capture_errors.unexplained([error], attempts.sources)
    if told is not None:
        yield told


def _added(known: list[Finding], more: Iterable[Finding]) -> list[Finding]:
    """`known` and what is said in `more` of other lines, or of the same lines by other rules than are known there."""
    lines = {_line(finding) for finding in known}
    return [*known, *(finding for finding in more if _line(finding) not in lines)]


def _outer(finding: Finding) -> tuple[Frame, ...]:
    """The stack of the user's code down to the line of the finding, without what torch does below it."""
    stack = finding.site.stack
    last = max((index for index, frame in enumerate(stack) if frame.user), default=0)
    return stack[:last]


def _line(finding: Finding) -> tuple[str, int] | None:
    return _place(finding.site.location)


def _place(location: Location | None) -> tuple[str, int] | None:
    return (location.path, location.line) if location else None
