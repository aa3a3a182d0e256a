"""Capture: the user's module becomes a graph of torch operators, by torch.export.

A capture that works costs one call of torch.export. One that fails is told on the user's lines, and then a stand-in is
captured that decides by the values of the sample inputs, so that the later passes can speak.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch.export import ExportedProgram

from onnxdx import capture_errors, compat, dynamic_shapes, plain_run, recorded_run, silent_faults, size_guards
from onnxdx.dynamic_shapes import Asked
from onnxdx.provenance import SourceMap, Spot, chain_of
from onnxdx.python_state import Change, PythonState
from onnxdx.recording import StackRecorder
from onnxdx.request import ExportRequest
from onnxdx.size_guards import SizeGuard
from onnxdx.values import CapturedProgram, CaptureMode
from onnxdx_diagnostics.finding import Finding, Location
from onnxdx_diagnostics.rules.dx107_dynamic_shapes_mismatch import DynamicShapesMismatch
from onnxdx_diagnostics.rules.dx110_unsupported_python import UnsupportedPython
from onnxdx_diagnostics.sink import Sink


def run(request: ExportRequest, sink: Sink) -> CapturedProgram | None:
    """The graph of the request's model, or a stand-in for it when it cannot be captured; None when there is neither."""
    with exported_mode(request.model, request.options.training), torch.no_grad(), quiet():
        bench = _Bench(request)
        if bench.asked.misfits:
            sink.emit(DynamicShapesMismatch(bench.sources.fallback(), bench.asked.misfits, bench.asked.right))
        captured = bench.capture(strict=False)
        if isinstance(captured, ExportedProgram):
            program: CapturedProgram | None = _accepted(bench, captured, CaptureMode.NON_STRICT, sink)
        else:
            program = _diagnosed(bench, captured, sink)
        if program is not None:
            _emit(sink, [*silent_faults.findings(program, bench.changed, bench.recorder.codes)])
        return program


def _accepted(bench: _Bench, exported: ExportedProgram, mode: CaptureMode, sink: Sink) -> CapturedProgram:
    """A program that torch captured as it was asked, unless the user asked for more than torch holds itself to."""
    program = bench.program(exported, mode if not bench.asked.misfits else CaptureMode.SPECIALIZED)
    for finding in bench.broken_promises(exported, size_guards.of_program(exported), by_branches_only=True):
        sink.emit(finding)
    return program


def _diagnosed(bench: _Bench, error: BaseException, sink: Sink) -> CapturedProgram | None:
    """What is to be said of a model whose non-strict capture raised `error`, and a program from another way to capture.

    The faults that the stand-in runs into are known best, with their stack and their number. What the exceptions tell
    is added where the stand-in says nothing of that line.
    """
    told = capture_errors.explained(error, bench.sources)
    if told is None and not compat.is_violation(error):
        stopped = [*bench.unknown_inputs()] or [*bench.fails_in_eager()]
        if stopped:
            _emit(sink, stopped)
            return None
    strict = bench.capture(strict=True)
    if isinstance(strict, ExportedProgram):
        return _accepted(bench, strict, CaptureMode.STRICT, sink)
    stand_in = bench.stand_in()
    findings = list(stand_in.findings(bench))
    lines = {_line(finding) for finding in findings}
    if told is not None:
        findings = [told, *findings] if _line(told) not in lines else findings
    elif compat.is_violation(error):
        findings = findings or ([] if bench.asked.misfits else [capture_errors.unexplained([error], bench.sources)])
    elif bench.line_of(error) not in lines:
        findings = [*([*bench.unusual(error)] or [_best(bench, error, strict)]), *findings]
    if stand_in.error is not None and bench.line_of(stand_in.error) != bench.line_of(error):
        findings += [each for each in bench.behind(stand_in.error) if _line(each) not in set(map(_line, findings))]
    _emit(sink, findings)
    return bench.program(stand_in.exported, stand_in.mode) if stand_in.exported is not None else None


def _best(bench: _Bench, error: BaseException, strict: BaseException) -> Finding:
    """The finding for a capture that failed in both modes for no reason that the class of the error tells.

    Dynamo's reason is the better one where it has a line of its own; on the same line it is the more remote one.
    """
    told = capture_errors.explained(strict, bench.sources)
    if told is None or _line(told) in (None, _place(bench.request.call_site)):
        return capture_errors.unexplained([error, strict], bench.sources)
    if isinstance(told, UnsupportedPython) and _line(told) == bench.line_of(error):
        return capture_errors.unexplained([error, strict], bench.sources)
    return told


def _emit(sink: Sink, findings: list[Finding]) -> None:
    for finding in findings:
        sink.emit(finding)


def _line(finding: Finding) -> tuple[str, int] | None:
    return _place(finding.site.location)


def _place(location: Location | None) -> tuple[str, int] | None:
    return (location.path, location.line) if location else None


@dataclass(frozen=True)
class _Guess:
    """A decision that the stand-in took by the values of the sample inputs."""

    condition: Any
    spots: tuple[Spot, ...]
    module: str


@dataclass(frozen=True)
class _StandIn:
    """A capture that cannot be handed out: what it had to guess, what it assumed of sizes, and where it ended."""

    exported: ExportedProgram | None
    error: BaseException | None
    guesses: tuple[_Guess, ...]
    guards: tuple[SizeGuard, ...]

    @property
    def mode(self) -> CaptureMode:
        """DRAFT when values were guessed, SPECIALIZED when only sizes were."""
        return CaptureMode.DRAFT if self.guesses else CaptureMode.SPECIALIZED

    def findings(self, bench: _Bench) -> Iterator[Finding]:
        """One finding for each guess on a line of its own, dim that is not as asked, and operator of unknown shape."""
        seen: set[tuple[object, ...]] = set()
        for guess in self.guesses:
            finding = capture_errors.data_dependent(guess.condition, guess.spots, bench.sources, guess.module)
            key = (_line(finding), finding.site.stack[:-1], guess.module)
            if key not in seen:
                seen.add(key)
                yield finding
        if self.exported is not None and self.error is None:
            yield from bench.broken_promises(self.exported, self.guards, by_branches_only=False)
        if self.exported is not None:
            yield from capture_errors.missing_fake_kernels(self.exported.graph, bench.sources)


@dataclass(frozen=True)
class _Bench:
    """One request with everything that its captures share."""

    request: ExportRequest
    recorder: StackRecorder = field(
        default_factory=lambda: StackRecorder(frozenset((_export.__code__, recorded_run.call_model.__code__)))
    )
    changed: list[Change] = field(default_factory=list)

    @cached_property
    def asked(self) -> Asked:
        """The dynamic shapes of the request; the argument of `export()` wins over the option."""
        request = self.request
        given = request.dynamic_shapes if request.dynamic_shapes is not None else request.options.dynamic_shapes
        return dynamic_shapes.read(request.model, request.args, request.kwargs, given)

    @cached_property
    def sources(self) -> SourceMap:
        """Where nodes and errors come from; sizes have torch's names still."""
        modules = {id(module): path for path, module in self.request.model.named_modules()}
        self.recorder.modules.update(modules)
        return SourceMap(self.request.root, self.request.call_site, stacks=self.recorder.stacks, modules=modules)

    @cached_property
    def eager_run(self) -> plain_run.Ran | plain_run.Failed | plain_run.NotRun:
        """What the model does without any export."""
        return plain_run.run(self.request.model, self.request.args, self.request.kwargs)

    def capture(self, *, strict: bool) -> ExportedProgram | BaseException:
        """The captured program, or what torch.export raised."""
        return self._capture(self.asked.spec, strict)

    def stand_in(self) -> _StandIn:
        """A capture that guesses by the values of the sample inputs and leaves every dim to torch."""
        guesses: list[_Guess] = []
        guards: list[SizeGuard] = []

        def on_guard(condition: Any) -> None:
            guards.append(SizeGuard(condition, self.recorder.spots(), self.recorder.module()))

        def on_guess(condition: Any) -> None:
            guesses.append(_Guess(condition, self.recorder.spots(), self.recorder.module()))

        request, relaxed = self.request, dynamic_shapes.relaxed(self.asked.spec)
        with compat.real_tensors(), plain_run.values_kept(request.model, request.args, request.kwargs):
            with compat.size_decisions(on_guard, on_guess):
                captured = self._capture(relaxed, strict=False)
            error = None if isinstance(captured, ExportedProgram) else captured
            if error is not None and relaxed is not None:
                captured = self._capture(None, strict=False)
        exported = captured if isinstance(captured, ExportedProgram) else None
        return _StandIn(exported, error, tuple(guesses), tuple(guards))

    def program(self, exported: ExportedProgram, mode: CaptureMode) -> CapturedProgram:
        """The value of this pass: the program, with the user's names for its sizes."""
        sizes = dynamic_shapes.obtained(self.asked, exported, self.request.args, self.request.kwargs)
        dims = dynamic_shapes.names(sizes)
        return CapturedProgram(self.request, exported, mode, replace(self.sources, names=dims), dims, sizes)

    def broken_promises(
        self, exported: ExportedProgram, guards: Sequence[SizeGuard], *, by_branches_only: bool
    ) -> Iterator[Finding]:
        """What is not as dynamic as it was asked to be."""
        env = compat.shape_env_of(exported) if self.asked.dims and not self.asked.misfits else None
        if env is None:
            return iter(())
        sizes = dynamic_shapes.obtained(self.asked, exported, self.request.args, self.request.kwargs)
        return size_guards.broken_promises(
            sizes, guards, compat.symbols_of(env), self.sources, by_branches_only=by_branches_only
        )

    def unknown_inputs(self) -> Iterator[Finding]:
        """Inputs of a type that torch.export cannot take apart."""
        request = self.request
        return capture_errors.unknown_inputs(request.model, request.args, request.kwargs, self.sources)

    def fails_in_eager(self) -> Iterator[Finding]:
        """The fault of a model that does not run, exported or not."""
        if isinstance(self.eager_run, plain_run.Failed):
            yield capture_errors.fails_in_eager(self.eager_run.error, self.sources)

    def unusual(self, error: BaseException) -> Iterator[Finding]:
        """Faults that the types of modules and outputs tell better than any exception."""
        yield from capture_errors.script_modules(self.request.model, error, self.sources)
        if isinstance(self.eager_run, plain_run.Ran):
            yield from capture_errors.unknown_outputs(self.request.model, self.eager_run.output, self.sources)

    def behind(self, error: BaseException) -> Iterator[Finding]:
        """What ended the stand-in: a further fault, when it has a line of its own.

        That a decision depends on data is none: the stand-in guesses, and fails only where torch has lost the values.
        """
        if any(isinstance(link, compat.GuardOnDataDependentSymNode) for link in chain_of(error)):
            return
        told = capture_errors.explained(error, self.sources)
        if told is None and self.line_of(error) is not None:
            told = next(self.fails_in_eager(), None) or capture_errors.unexplained([error], self.sources)
        if told is not None:
            yield told

    def line_of(self, error: BaseException) -> tuple[str, int] | None:
        """File and line of the innermost user frame of an exception."""
        spot = self.sources.innermost_user(self.sources.spots_of_error(error))
        return (spot.path, spot.line) if spot else None

    def _capture(self, spec: Any, strict: bool) -> ExportedProgram | BaseException:
        request = self.request
        with contextlib.ExitStack() as stack:
            stack.enter_context(plain_run.unchanged(request.model))
            state = PythonState(request.model, self.sources.is_user)
            stack.enter_context(state.kept())
            stack.enter_context(
                compat.attributes_as_left(lambda: self.changed.__setitem__(slice(None), state.changes()))
            )
            stack.enter_context(compat.stack_texts(self.recorder.text))
            stack.enter_context(compat.no_printed_graphs())
            stack.enter_context(compat.recurrent_layers_as_operators())
            if spec is not None:
                stack.enter_context(dynamic_shapes.keywords_named(request.model, request.kwargs))
            try:
                return _export(request, spec, strict)
            except (Exception, SystemExit) as error:
                return error


def _export(request: ExportRequest, spec: Any, strict: bool) -> ExportedProgram:
    return torch.export.export(
        request.model, tuple(request.args), dict(request.kwargs), dynamic_shapes=spec, strict=strict
    )


@contextlib.contextmanager
def exported_mode(model: torch.nn.Module, training: bool) -> Iterator[None]:
    """The model in eval mode, unless `training` leaves it as it is; every submodule's flag is put back afterwards."""
    if training:
        yield
        return
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, flag in flags:
            module.training = flag


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings and log lines that torch makes while it captures, unless TORCH_LOGS asks for them."""
    if os.environ.get("TORCH_LOGS"):
        yield
        return
    loggers = [logger for name, logger in logging.root.manager.loggerDict.items() if _is_torch(name)]
    silenced = [logger for logger in loggers if isinstance(logger, logging.Logger) and not logger.disabled]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in silenced:
            logger.disabled = True
        try:
            yield
        finally:
            for logger in silenced:
                logger.disabled = False


def _is_torch(name: str) -> bool:
    return name == "torch" or name.startswith("torch.")
