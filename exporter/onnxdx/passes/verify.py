"""Verify: the model in ONNX Runtime against eager, on the given inputs and at another size of every dynamic dim."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import fx

from onnxdx.capture import baked_sizes
from onnxdx.compat.pytree import flat_inputs
from onnxdx.eager import plain_run
from onnxdx.eager.eager_run import EagerRun, run_eager, untouched
from onnxdx.eager.other_values import varied
from onnxdx.eager.python_state import PythonState
from onnxdx.errors import first_line
from onnxdx.graph.operators import called, draws
from onnxdx.memory import Same
from onnxdx.request import Lacking
from onnxdx.shapes import size_guards, size_limits
from onnxdx.shapes.other_sizes import OtherSize, OtherSizes
from onnxdx.shapes.size_trials import Attempt, Hole, SizeTrials
from onnxdx.user_code import definitions
from onnxdx.user_code.capture_errors import fails_in_eager
from onnxdx.values import OnnxDraft, OutputBinding, OutputKind, ValidatedDraft
from onnxdx.verification.comparison import Comparison, compare
from onnxdx.verification.isolated import Differs, Fails, Fault, faults
from onnxdx.verification.reference import recorded
from onnxdx.verification.runtime import Refusal, Session
from onnxdx.verification.runtime_findings import difference, finding
from onnxdx_diagnostics.finding import Site
from onnxdx_diagnostics.report import Trial, Verdict, VerdictOutcome
from onnxdx_diagnostics.rules.dx415_state_lost import StateLost
from onnxdx_diagnostics.rules.dx601_numbers_differ import NumbersDiffer
from onnxdx_diagnostics.rules.dx602_runtime_refuses import RuntimeRefuses
from onnxdx_diagnostics.rules.dx603_runtime_fails import RuntimeFails
from onnxdx_diagnostics.rules.dx604_output_contract import OutputContract
from onnxdx_diagnostics.rules.dx605_fails_at_other_size import FailsAtOtherSize
from onnxdx_diagnostics.sink import Sink
from onnxdx_diagnostics.source import attribute_assignment, region


def run(
    validated: ValidatedDraft, sink: Sink, opened: Callable[[OnnxDraft], OnnxDraft] = lambda draft: draft
) -> Verdict:
    """The verdict on a complete draft. What could not be compared is "not run", never "proven".

    `opened` gives the draft without calls of functions, for when something is wrong and its operators are to be named.
    """
    draft = validated.draft
    lacking = draft.captured.request.lacking
    if lacking is not Lacking.NOTHING:
        return Verdict(VerdictOutcome.NOT_RUN, lacking.value)
    random = _random_operator(draft)
    if random is not None:
        survey(opened(draft), sink)
        return Verdict(VerdictOutcome.NOT_RUN, f"the model draws random numbers (`{random.target}`)")
    try:
        options = draft.captured.request.options.session_options
        session = Session(draft.model, options=options, light=validated.light)
    except Exception as error:  # ONNX Runtime has a dozen exception types for a model it refuses
        refusals = [fault for fault in survey(opened(draft), sink) if isinstance(fault, Refusal)]
        if not refusals:
            sink.emit(RuntimeRefuses(draft.site_named(str(error)), first_line(error)))
        elif all(refusal.is_foreign for refusal in refusals):
            return Verdict(VerdictOutcome.NOT_RUN, f"exported, not runnable here: no kernel for {_named(refusals)}")
        return Verdict(VerdictOutcome.NOT_RUN, "ONNX Runtime does not load the model")
    return _Verifier(draft, sink, session, opened).verdict()


def survey(draft: OnnxDraft, sink: Sink) -> list[Fault]:
    """Say what ONNX Runtime shows of a draft that gets no verdict, operator by operator, and return it."""
    if draft.captured.request.lacking is not Lacking.NOTHING:
        return []
    try:
        flat = _flat(draft)
    except ValueError:  # an input is of a type that was known while a stand-in was captured, and is not any more
        return []
    _survey_state(draft, flat, sink)
    found = list(faults(draft, flat))
    for fault in found:
        sink.emit(finding(draft, fault))
    return found


def _survey_state(draft: OnnxDraft, flat: Sequence[Any], sink: Sink) -> None:
    """Say what state is lost of a model that is not exported."""
    try:
        first = _eager(draft, flat)
        lost = _loses_state(draft, flat, first)
    except (Exception, SystemExit):  # the user's model: what it raises is told by the capture
        return
    if lost:
        sink.emit(_state_lost(draft, first))


def _named(refusals: Sequence[Refusal]) -> str:
    """The operators that are refused, each once."""
    nodes = [refusal.onnx_node for refusal in refusals]
    return ", ".join(dict.fromkeys(f"`{node.domain}::{node.op_type}`" for node in nodes))


def _flat(draft: OnnxDraft) -> list[Any]:
    captured = draft.captured
    request = captured.request
    return captured.memory.once("flat inputs", lambda: flat_inputs(captured.exported, request.args, request.kwargs))


_OTHER_VALUES = "other values of the inputs"


@dataclass
class _Verifier:
    draft: OnnxDraft
    sink: Sink
    session: Session
    opened: Callable[[OnnxDraft], OnnxDraft]

    @cached_property
    def precision(self) -> torch.dtype:
        """The coarsest floating-point type that the model computes in: its outputs can agree no better than that."""
        return _precision(self.draft)

    def verdict(self) -> Verdict:
        captured = self.draft.captured
        request = captured.request
        flat = _flat(self.draft)
        trials = [self._given(flat)]
        if trials[0].outcome is VerdictOutcome.PROVEN and request.options.thorough:
            trials += self._with_other_values(flat)
        if trials[-1].outcome is VerdictOutcome.PROVEN:
            trials += self._at_other_sizes(OtherSizes(captured, flat))
        for outcome in (VerdictOutcome.DIFFERS, VerdictOutcome.NOT_RUN):
            told = next((trial for trial in trials if trial.outcome is outcome), None)
            if told is not None:
                return Verdict(outcome, told.reason, tuple(trials))
        return Verdict(VerdictOutcome.PROVEN, "", tuple(trials))

    def _given(self, flat: Sequence[Any]) -> Trial:
        try:
            eager = self._eager(flat)
        except Exception as error:  # the user's model
            survey(self.opened(self.draft), self.sink)
            self._report_broken()
            return Trial({}, VerdictOutcome.NOT_RUN, reason=f"eager raises {first_line(error)}")
        try:
            results = self._onnx(flat)
        except Exception as error:  # ONNX Runtime
            if not any(isinstance(fault, Fails) for fault in survey(self.opened(self.draft), self.sink)):
                self.sink.emit(RuntimeFails(self.draft.site_named(str(error)), first_line(error), ""))
            return Trial({}, VerdictOutcome.DIFFERS, reason=f"ONNX Runtime fails: {first_line(error)}")
        comparisons = self._compared(results, eager)
        self._report([(binding, comparison) for binding, comparison in comparisons if not comparison.agrees], flat)
        if _loses_state(self.draft, flat, eager):
            self.sink.emit(_state_lost(self.draft, eager))
            return Trial({}, VerdictOutcome.DIFFERS, reason="a second call gives another result in eager")
        return _trial({}, comparisons)

    def _report_broken(self) -> None:
        """Say that the model does not run as it is, whether gradients are recorded or not."""
        captured = self.draft.captured
        request = captured.request
        with untouched(request.model, request.options.training):
            ran = plain_run.run(request.model, request.args, request.kwargs)
        if isinstance(ran, plain_run.Failed):
            self.sink.emit(fails_in_eager(ran.error, captured.sources))

    def _report(self, disagreeing: Sequence[tuple[OutputBinding, Comparison]], flat: Sequence[Any]) -> None:
        """One finding for each operator that is wrong by itself; for outputs behind none, where their numbers part."""
        if not disagreeing:
            return
        wrong = {fault.node: fault for fault in faults(self.opened(self.draft), flat) if isinstance(fault, Differs)}
        said: set[fx.Node] = set()
        unexplained: list[tuple[OutputBinding, Comparison]] = []
        for binding, comparison in disagreeing:
            behind = _ancestors(self.draft.values.get(binding.name))
            culprits = [node for node in wrong if node in behind]
            for node in culprits:
                if node not in said:
                    self.sink.emit(difference(self.draft, wrong[node], binding.name, comparison.numbers))
            said.update(culprits)
            if comparison.contract and not culprits:
                self.sink.emit(OutputContract(self._site(binding), binding.name, comparison.contract, ""))
            elif not culprits:
                unexplained.append((binding, comparison))
        self._report_numbers(unexplained, flat)

    def _report_numbers(self, differing: Sequence[tuple[OutputBinding, Comparison]], flat: Sequence[Any]) -> None:
        """One finding where the numbers part; outputs that part nowhere else are consequences of it."""
        if not differing:
            return
        first = self._first_diverging(flat)
        binding, comparison = differing[0]
        while first is not None and first.target is operator.getitem and isinstance(first.args[0], fx.Node):
            first = first.args[0]
        if first is not None:
            function = self.draft.function_of(first)
            site = self.draft.captured.sources.site(first)
            self.sink.emit(NumbersDiffer(site, binding.name, comparison.numbers, "", called(first), function))
            return
        for binding, comparison in differing:
            self.sink.emit(NumbersDiffer(self._site(binding), binding.name, comparison.numbers, "", ""))

    def _with_other_values(self, flat: Sequence[Any]) -> list[Trial]:
        """A trial on inputs that hold other values; none where the model does not take them."""
        others = _varied(self.draft, flat)
        try:
            eager = self._eager(others)
        except Exception:  # the user's model, which need not take every order of its values
            return []
        try:
            results = self._onnx(others)
        except Exception as error:  # ONNX Runtime
            self.sink.emit(RuntimeFails(self.draft.site_named(str(error)), first_line(error), _OTHER_VALUES))
            return [
                Trial({}, VerdictOutcome.DIFFERS, reason=f"{_OTHER_VALUES}: ONNX Runtime fails: {first_line(error)}")
            ]
        comparisons = self._compared(results, eager)
        self._report([(binding, comparison) for binding, comparison in comparisons if not comparison.agrees], others)
        trial = _trial({}, comparisons)
        return [replace(trial, reason=f"{_OTHER_VALUES}: {trial.reason}" if trial.reason else "")]

    def _at_other_sizes(self, others: OtherSizes) -> list[Trial]:
        sizes = SizeTrials(others, self._attempt)
        sizes.run()
        for other in sizes.failures:
            self._report_size(other, self._attempt(other).wrong)
        for hole in sizes.holes():
            if others.is_asked(hole.dim):
                self._report_hole(others, hole)
        return sizes.trials

    def _report_hole(self, others: OtherSizes, hole: Hole) -> None:
        captured = self.draft.captured
        guards = size_guards.of_program(captured.exported)
        dim, symbol = others.shown(hole.dim), others.symbol(hole.dim)
        limit = size_limits.narrowed(dim, symbol, hole.size, hole.error, guards, others.hints, captured.sources)
        if limit is not None:
            self.sink.emit(limit)

    def _attempt(self, other: OtherSize) -> Attempt:
        """The ONNX model against eager at other sizes; a size that eager does not support decides nothing."""
        try:
            eager = self._eager(other.inputs)
        except Exception as error:  # the user's model at a size it may not support
            return Attempt(refused=error)
        try:
            results = self._onnx(other.inputs)
        except Exception as error:  # ONNX Runtime
            return Attempt(wrong=f"ONNX Runtime fails: {first_line(error)}")
        wanted = sum(binding.kind is OutputKind.USER for binding in self.draft.outputs)
        got = sum(isinstance(output, (torch.Tensor, int, float, bool)) for output in eager.outputs)
        if got < wanted:
            return Attempt(wrong=f"eager gives {got} outputs, not {wanted}")
        trial = _trial(other.sizes, self._compared(results, eager))
        return Attempt(None, trial.reason, trial.max_abs, trial.max_rel)

    def _report_size(self, tried: OtherSize, reason: str) -> None:
        site = self._blamed(tried)
        (dim, size), *more = tried.sizes.items()
        together = tuple(f"{name} = {each}" for name, each in tried.sizes.items()) if more else ()
        self.sink.emit(FailsAtOtherSize(site, dim, size, tried.traced[dim], reason, together))

    def _blamed(self, tried: OtherSize) -> Site:
        """The line that does not bear another size: of the capture, when torch's own graph goes wrong there too."""
        captured = self.draft.captured
        if not self._graph_holds(tried):
            site = baked_sizes.site(captured, tried)
            if site is not None:
                return site
        try:
            node = self._first_diverging(tried.inputs)
        except Exception as error:  # ONNX Runtime names the node it fails in
            return self.draft.site_named(str(error))
        return captured.sources.site(node) if node is not None else self._site(self.draft.outputs[0])

    def _graph_holds(self, tried: OtherSize) -> bool:
        """Whether the graph that the ONNX model was made from gives what eager gives."""
        values, eager = recorded(self.draft, tried.inputs), self._eager(tried.inputs)
        for binding in self.draft.outputs:
            if binding.position is not None and binding.position >= len(eager.outputs):
                return False
            node = self.draft.values.get(binding.name)
            value = values.get(node) if node is not None else None
            if node is not None and not isinstance(value, torch.Tensor):
                return False
            if (
                isinstance(value, torch.Tensor)
                and not compare(value, expected(binding, eager, self.draft), self.precision).agrees
            ):
                return False
        return True

    def _eager(self, flat: Sequence[Any]) -> EagerRun:
        return _eager(self.draft, flat)

    def _onnx(self, flat: Sequence[Any]) -> list[torch.Tensor]:
        return self.session.run(self.draft.feeds(flat))

    def _compared(self, results: Sequence[torch.Tensor], eager: EagerRun) -> list[tuple[OutputBinding, Comparison]]:
        return [
            (binding, compare(result, expected(binding, eager, self.draft), self.precision))
            for binding, result in zip(self.draft.outputs, results, strict=True)
        ]

    def _site(self, binding: OutputBinding) -> Site:
        node = self.draft.values.get(binding.name)
        sources = self.draft.captured.sources
        return sources.site(node) if node is not None else sources.fallback()

    def _first_diverging(self, flat: Sequence[Any]) -> fx.Node | None:
        """The first operator, in graph order, whose ONNX result is not that of the captured graph run by torch."""
        model = self.draft.model
        watched = {
            output.name: (node_of, output)
            for onnx_node in model.graph
            for output in onnx_node.outputs
            if output.name
            and (node_of := self.draft.values.get(output.name)) is not None
            and (output.name == node_of.name or output.is_graph_output())
        }
        given = len(model.graph.outputs)
        try:
            model.graph.outputs.extend(value for _, value in watched.values() if not value.is_graph_output())
            session = Session(model, options=self.draft.captured.request.options.session_options)
        finally:
            while len(model.graph.outputs) > given:
                model.graph.outputs.pop()
        results = dict(zip(session.outputs, session.run(self.draft.feeds(flat)), strict=True))
        reference = recorded(self.draft, flat)
        for node in self.draft.plan.plan.program.graph.nodes:
            for name, (node_of, _) in watched.items():
                value = reference.get(node_of)
                if node_of is not node or not isinstance(value, torch.Tensor):
                    continue
                if not compare(results[name], value, self.precision).agrees:
                    return node
        return None


def expected(binding: OutputBinding, eager: EagerRun, draft: OnnxDraft) -> torch.Tensor:
    """What eager says the output should be."""
    if binding.kind is OutputKind.STATE:
        return eager.state[binding.source]
    if binding.kind is OutputKind.MUTATED_INPUT:
        position = next(each.position for each in draft.inputs if each.name == binding.source)
        return torch.as_tensor(eager.inputs[position or 0])
    assert binding.position is not None
    value = eager.outputs[binding.position]
    return value if isinstance(value, torch.Tensor) else torch.tensor(value)


def _eager(
    draft: OnnxDraft,
    flat: Sequence[Any],
    earlier: Sequence[Sequence[Any]] = (),
    between: Callable[[], None] = lambda: None,
) -> EagerRun:
    captured, request = draft.captured, draft.captured.request
    updated = tuple(binding.source for binding in draft.outputs if binding.kind is OutputKind.STATE)
    training = request.options.training

    def run() -> EagerRun:
        return run_eager(request.model, captured.exported, flat, training, updated, earlier, between)

    return run() if earlier else captured.memory.once(("eager", Same(flat), training, updated), run)


def _varied(draft: OnnxDraft, flat: Sequence[Any]) -> list[Any]:
    """Inputs with other values."""
    return draft.captured.memory.once(("varied", Same(flat)), lambda: list(varied(list(flat))))


def _precision(draft: OnnxDraft) -> torch.dtype:
    values = (n.meta.get("val") for _, g in draft.plan.plan.program.graphs() for n in g.nodes)
    floats = {v.dtype for v in values if isinstance(v, torch.Tensor) and v.dtype.is_floating_point}
    return max(floats, key=lambda dtype: torch.finfo(dtype).eps, default=torch.float64)


def _loses_state(draft: OnnxDraft, flat: Sequence[Any], first: EagerRun) -> bool:
    """Whether the model keeps tensors between calls, and a call gives something else when another one went before.

    A difference to the call before is nothing when both have the same inputs: other inputs may go before, too.
    """
    if not first.kept:
        return False
    key = ("loses state", Same(flat), draft.captured.request.options.training)
    return draft.captured.memory.once(key, lambda: _another_after_another(draft, flat, first))


def _another_after_another(draft: OnnxDraft, flat: Sequence[Any], first: EagerRun) -> bool:
    if _gives_another(draft, flat, first, flat):
        return True
    try:
        return _gives_another(draft, flat, first, _varied(draft, flat))
    except (Exception, SystemExit):  # values that the model does not take tell nothing
        return False


def _gives_another(draft: OnnxDraft, flat: Sequence[Any], first: EagerRun, earlier: Sequence[Any]) -> bool:
    """Whether a call gives something else than the first one after a call on `earlier` inputs."""
    captured = draft.captured
    state = PythonState(captured.request.model, captured.sources.is_user)

    def forget() -> None:
        """Put back all that is no tensor: other state is told by the capture, with its own name."""
        for change in state.changes():
            if not change.is_tensor:
                change.set(change.before)

    with state.kept():
        second = _eager(draft, flat, (earlier,), forget)
    tensors = [(a, b) for a, b in zip(second.outputs, first.outputs, strict=False) if isinstance(b, torch.Tensor)]
    real = [(again.cpu(), once) for again, once in tensors if not once.is_complex()]
    return not all(compare(again, once, _precision(draft)).agrees for again, once in real)


def _state_lost(draft: OnnxDraft, run: EagerRun) -> StateLost:
    """The finding, on the line of the user's code that sets the first of the attributes."""
    path, _, name = run.kept[0].rpartition(".")
    kind, sources = type(draft.captured.request.model.get_submodule(path)), draft.captured.sources
    for owner in kind.__mro__[:-1]:
        file = definitions.file_of(owner)
        line = attribute_assignment(file, owner.__name__, name) if sources.is_user(file) else None
        if line is not None:
            return StateLost(Site(region(file, line), module=path, module_class=kind.__qualname__), run.kept)
    return StateLost(sources.fallback(), run.kept)


def _trial(sizes: Mapping[str, int], comparisons: Sequence[tuple[OutputBinding, Comparison]]) -> Trial:
    wrong = [f"`{binding.name}`: {c.contract or c.numbers}" for binding, c in comparisons if not c.agrees]
    outcome = VerdictOutcome.DIFFERS if wrong else VerdictOutcome.PROVEN
    largest = [max((getattr(c, name) for _, c in comparisons), default=0.0) for name in ("max_abs", "max_rel")]
    return Trial(sizes, outcome, largest[0], largest[1], "; ".join(wrong))


def _ancestors(node: fx.Node | None) -> set[fx.Node]:
    """The node and all that it is computed from."""
    found: set[fx.Node] = set()
    open_nodes = [node] if node is not None else []
    while open_nodes:
        current = open_nodes.pop()
        if current not in found:
            found.add(current)
            open_nodes += current.all_input_nodes
    return found


def _random_operator(draft: OnnxDraft) -> fx.Node | None:
    nodes: list[fx.Node] = [node for _, graph in draft.plan.plan.program.graphs() for node in graph.nodes]
    return next((node for node in nodes if draws(node)), None)
