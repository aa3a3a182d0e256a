"""The ways to capture one model: as it was asked, by the values of the sample inputs, and as a recording of one run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch.export import ExportedProgram

from onnxdx import dynamic_shapes
from onnxdx.capture import recorded_run
from onnxdx.capture.recorded_run import RecordedRun
from onnxdx.capture.sample_values import SampleValues
from onnxdx.compat.capturing import attributes_as_left, no_printed_graphs, stack_texts
from onnxdx.compat.conditions import is_about
from onnxdx.compat.control_flow import control_flow_calls
from onnxdx.compat.pytree import flat_inputs, unflatten_inputs
from onnxdx.compat.pytree_types import known_types
from onnxdx.compat.recurrent_layers import are_packed, packs_rows, recurrent_layers_as_operators
from onnxdx.compat.sample_tensors import numbers_as_keys, real_tensors, without_real_tensors
from onnxdx.compat.symbolic_sizes import shape_env_of, size_decisions, symbols_of
from onnxdx.compat.torch_errors import is_out_of_memory, is_violation, noted_errors
from onnxdx.dynamic_shapes import Asked, AskedDim
from onnxdx.eager import plain_run
from onnxdx.eager.python_state import Change, PythonState
from onnxdx.request import ExportRequest
from onnxdx.shapes import size_guards, size_limits
from onnxdx.shapes.other_sizes import along
from onnxdx.shapes.size_guards import SizeGuard
from onnxdx.user_code import capture_errors, constructs
from onnxdx.user_code.known_values import SizeNames
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_code.recording import StackRecorder
from onnxdx.user_code.stacks import Spot
from onnxdx.values import CapturedProgram, CaptureMode
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.rules.dx104_dim_specialised import DimSpecialised


@dataclass(frozen=True)
class Guess:
    """A decision that the stand-in took by the values of the sample inputs; with `truth` on the truth of a tensor."""

    condition: Any
    spots: tuple[Spot, ...]
    module: str
    truth: bool = False


@dataclass(frozen=True)
class StandIn:
    """A capture that cannot be handed out: what it guessed and answered, which dims it lost, and where it ended.

    `writes_numbers` says that the model writes numbers from tensors into texts.
    """

    exported: ExportedProgram | None
    error: BaseException | None
    guesses: tuple[Guess, ...]
    values: SampleValues
    promises: tuple[Finding, ...]
    writes_numbers: bool = False

    @property
    def mode(self) -> CaptureMode:
        """DRAFT when values were guessed or answered, SPECIALIZED when only sizes were."""
        return CaptureMode.DRAFT if self.guesses or self.values.faults else CaptureMode.SPECIALIZED


@dataclass(frozen=True)
class Attempts:
    """One request with everything that its captures share.

    `changed` is what the last capture changed of the Python state.
    """

    request: ExportRequest
    recorder: StackRecorder = field(
        default_factory=lambda: StackRecorder(frozenset((export.__code__, recorded_run.call_model.__code__)))
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
        return SourceMap(
            self.request.root,
            self.request.call_site,
            stacks=self.recorder.stacks,
            names=SizeNames(self.recorder.known, lambda: self.asked.dims),
            modules=modules,
            known=self.recorder.known.at,
        )

    @cached_property
    def eager_run(self) -> plain_run.Ran | plain_run.Failed | plain_run.NotRun:
        """What the model does without any export."""
        return plain_run.run(self.request.model, self.request.args, self.request.kwargs)

    def capture(self, *, strict: bool) -> ExportedProgram | BaseException:
        """The captured program, or what torch.export raised, even if the user's code caught it."""
        raised: list[BaseException] = []
        with noted_errors(raised.append):
            captured = self._capture(self.asked.spec, strict)
        if strict or isinstance(captured, BaseException):
            return captured
        return next(filter(self._caught_by_user, raised), captured)

    def capture_strictly_by_sample(self) -> ExportedProgram | BaseException:
        """The program that dynamo captures when every size is that of the sample inputs, or what was raised."""
        return self._capture(None, strict=True)

    def capture_asserting(self) -> ExportedProgram | BaseException:
        """The captured program with what torch cannot prove of sizes as asserts in the graph, or what was raised."""
        return self._capture(self.asked.spec, strict=False, asserting=True)

    def stand_in(self, *, numbers_written: bool = True) -> StandIn:
        """A capture that guesses by the values of the sample inputs and leaves every dim to torch.

        A number from a tensor has its value in a text, unless `numbers_written` is false: then it has torch's symbol.
        """
        guesses: list[Guess] = []
        guards: list[SizeGuard] = []
        foreign: set[Any] = set()
        texts: list[bool] = []
        tainted: set[Spot | None] = set()

        def on_guard(condition: Any) -> None:
            guard = SizeGuard(condition, self.recorder.spots(), self.recorder.module())
            guards.append(guard)
            if values.constants:
                tainted.add(self.sources.innermost_user(guard.spots))

        def on_text() -> bool:
            texts.append(True)
            return numbers_written

        def looks_up() -> bool:
            spot = self.sources.innermost_user(self.recorder.spots())
            return spot is None or constructs.looks_up(spot)

        def on_guess(condition: Any, truth: bool) -> None:
            if not values.in_control_flow and not is_about(condition, foreign) and not self.reads_packed():
                guesses.append(Guess(condition, self.recorder.spots(), self.recorder.module(), truth))

        request, relaxed = self.request, dynamic_shapes.relaxed(self.asked.spec)
        values = SampleValues(request.model, self.recorder, self.sources, self.reads_packed)
        with contextlib.ExitStack() as stack:
            know = stack.enter_context(known_types())
            know((request.args, dict(request.kwargs)))
            stack.enter_context(plain_run.values_kept(request.model, request.args, request.kwargs))
            stack.enter_context(real_tensors(foreign))
            stack.enter_context(values.answering(know))
            stack.enter_context(numbers_as_keys(self.sources.is_user, values.note, on_text, looks_up))
            with size_decisions(on_guard, on_guess):
                captured = self._capture(relaxed, strict=False)
            error = None if isinstance(captured, ExportedProgram) else captured
            if error is not None and relaxed is not None and is_violation(error):
                captured = self._capture(None, strict=False)
            exported = captured if isinstance(captured, ExportedProgram) else None
            promises: list[Finding] = []
            if exported is not None and error is None and self.asked.dims:
                promises += self.broken_promises(exported, guards, by_branches_only=False)
            # what comes out of other libraries has the sizes of the sample inputs, and fixes them where it is used
            places = {(spot.path, spot.line) for spot in tainted if spot is not None}
            promises = [each for each in promises if not (isinstance(each, DimSpecialised) and _at(each, places))]
        # an operator without fake kernel has no results but the real ones
        if exported is not None and not any(capture_errors.missing_fake_kernels(exported.graph, self.sources)):
            without_real_tensors(exported)
        return StandIn(exported, error, tuple(guesses), values, tuple(promises), bool(texts))

    def recorded(self) -> RecordedRun | BaseException:
        """A recording of one run of the model, or what it raised."""
        try:
            return recorded_run.record(self.request, self.recorder, self.reads_packed)
        except (Exception, SystemExit) as error:
            return error

    def program(self, exported: ExportedProgram, mode: CaptureMode) -> CapturedProgram:
        """The value of this pass: the program, with the user's names for its sizes."""
        sizes = dynamic_shapes.obtained(self.asked, exported, self.request.args, self.request.kwargs)
        dims = dynamic_shapes.names(sizes)
        weights = {spec.arg.name: spec.target for spec in exported.graph_signature.input_specs if spec.target}
        return CapturedProgram(
            self.request, exported, mode, replace(self.sources, names=dims, weights=weights), dims, sizes
        )

    def broken_promises(
        self, exported: ExportedProgram, guards: Sequence[SizeGuard], *, by_branches_only: bool
    ) -> Iterator[Finding]:
        """What is not as dynamic as it was asked to be."""
        env = shape_env_of(exported) if self.asked.dims and not self.asked.misfits else None
        if env is None:
            return iter(())
        sizes = dynamic_shapes.obtained(self.asked, exported, self.request.args, self.request.kwargs)
        return size_guards.broken_promises(
            sizes, guards, symbols_of(env), self.sources, by_branches_only=by_branches_only
        )

    def crossed_limits(self, program: CapturedProgram) -> Iterator[Finding]:
        """Sizes that were asked for by strings and hints and that the model does not take."""
        if self.asked.misfits or not program.asked:
            return iter(())
        return size_limits.crossed(program.asked, program.exported, self.sources, self._error_at(program.exported))

    def _error_at(self, exported: ExportedProgram) -> size_limits.Run:
        """Runs the model in eager with dims at other sizes."""
        request = self.request

        def error(dims: Mapping[AskedDim, int]) -> BaseException | None:
            flat = flat_inputs(exported, request.args, request.kwargs)
            for index, leaf in enumerate(flat):
                for dim, size in dims.items():
                    if dim.leaf == id(leaf):
                        flat[index] = along(flat[index], dim.axis, size)
            args, kwargs = unflatten_inputs(exported, flat)
            ran = plain_run.run(request.model, args, kwargs)
            return ran.error if isinstance(ran, plain_run.Failed) else None

        return error

    def unknown_inputs(self) -> Iterator[Finding]:
        """Inputs of a type that torch.export cannot take apart."""
        request = self.request
        return capture_errors.unknown_inputs(request.model, request.args, request.kwargs, self.sources)

    def reads_packed(self, error: BaseException | None = None) -> bool:
        """Whether the model reads a sequence that it has packed itself, by an error or by the stack as it is now.

        That has no equal in ONNX and is told where it packs; what stands in the way behind is a consequence.
        """
        given = (list(self.request.args), dict(self.request.kwargs))
        return packs_rows(error) and not are_packed(given)

    def fails_in_eager(self) -> Finding | None:
        """The fault of a model that does not run, exported or not."""
        if not isinstance(self.eager_run, plain_run.Failed):
            return None
        return capture_errors.fails_in_eager(self.eager_run.error, self.sources)

    def line_of(self, error: BaseException) -> tuple[str, int] | None:
        """File and line of the innermost user frame of an exception."""
        spot = self.sources.innermost_user(self.sources.spots_of_error(error))
        return (spot.path, spot.line) if spot else None

    def _caught_by_user(self, error: BaseException) -> bool:
        """Whether the frame that caught an exception, which its traceback begins with, is one of the user's code."""
        trace = error.__traceback__
        return trace is not None and self.sources.is_user(trace.tb_frame.f_code.co_filename)

    def _capture(self, spec: Any, strict: bool, *, asserting: bool = False) -> ExportedProgram | BaseException:
        request = self.request
        with contextlib.ExitStack() as stack:
            stack.enter_context(plain_run.unchanged(request.model))
            state = PythonState(request.model, self.sources.is_user)
            stack.enter_context(state.kept())
            stack.enter_context(attributes_as_left(lambda: self.changed.__setitem__(slice(None), state.changes())))
            stack.enter_context(stack_texts(self.recorder.text))
            stack.enter_context(control_flow_calls(lambda name, call, operands: call()))
            stack.enter_context(no_printed_graphs())
            stack.enter_context(recurrent_layers_as_operators())
            if spec is not None:
                stack.enter_context(dynamic_shapes.keywords_named(request.model, request.kwargs))
            try:
                return export(request, spec, strict, asserting=asserting)
            except (Exception, SystemExit) as error:
                if is_out_of_memory(error):
                    raise
                self.recorder.known.keep_traceback(error.__traceback__)
                return error


def _at(finding: Finding, places: set[tuple[str, int]]) -> bool:
    location = finding.site.location
    return location is not None and (location.path, location.line) in places


def export(request: ExportRequest, spec: Any, strict: bool, *, asserting: bool = False) -> ExportedProgram:
    """What torch.export gives; the frame of this call is where the stacks of the user's code begin."""
    return torch.export.export(
        request.model,
        tuple(request.args),
        dict(request.kwargs),
        dynamic_shapes=spec,
        strict=strict,
        prefer_deferred_runtime_asserts_over_guards=asserting,
    )
