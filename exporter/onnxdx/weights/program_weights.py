"""The weights of an exported program and where they come from: a checkpoint is held against the graph, then taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from onnxdx.values import OnnxDraft
from onnxdx.weights.absent_weights import AbsentWeight, absent_weights
from onnxdx.weights.checkpoint import Checkpoint, State, open_checkpoint
from onnxdx.weights.stored_tensors import CheckpointError
from onnxdx.weights.stored_weight import StoredWeight
from onnxdx.weights.weight_matching import matched
from onnxdx_diagnostics.finding import Finding, Level, Location, Site
from onnxdx_diagnostics.rules.dx730_checkpoint_unreadable import CheckpointUnreadable
from onnxdx_diagnostics.rules.dx736_weights_overflow import WeightsOverflow


class WeightsError(ValueError):
    """A checkpoint does not give the weights of a program. `findings` say why; nothing was written or changed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(_said, findings)))
        self.findings = tuple(findings)


def _said(finding: Finding) -> str:
    place = finding.site.location
    where = f"\n  --> {place.path}:{place.line}" if place is not None else ""
    fixes = "".join(f"\n   = fix: {fix.title}" for fix in finding.fixes())
    return f"{finding.level.value}[{finding.id}] {finding.name}: {finding.message()}{where}{fixes}"


@dataclass(frozen=True)
class Weights:
    """The weights of a program in a checkpoint, by the values of the graph, and what is to be said of the checkpoint.

    `checkpoint` holds more than those: what the model has and the graph does not use.
    """

    checkpoint: Checkpoint
    taken: Mapping[ir.Value, StoredWeight]
    findings: tuple[Finding, ...]

    def overflows(self, site: Site) -> Iterator[Finding]:
        """What turned out while the weights were read: numbers that the type of the graph does not hold."""
        for dtype in dict.fromkeys(weight.wanted for weight in self.taken.values()):
            over = [each for each in self.taken.values() if each.overflows and each.wanted is dtype]
            if over:
                names = tuple(each.sources[0] for each in over)
                yield WeightsOverflow(site, self.checkpoint.label, names, str(dtype).removeprefix("torch."))


def of_checkpoint(draft: OnnxDraft, state: State, place: Location | None) -> Weights:
    """The weights of a program that has none, in a checkpoint. `place` is the line that asks for it.

    Raises WeightsError when one of them cannot be taken.
    """
    site = Site(place) if place is not None else draft.captured.sources.fallback()
    try:
        checkpoint = open_checkpoint(state)
    except CheckpointError as error:
        raise WeightsError([CheckpointUnreadable(site, error.label, error.reason)]) from error
    absent = absent_weights(draft.model)
    match = matched(checkpoint, absent, _names(draft), site, lambda value: _site_of_use(draft, value))
    if any(finding.level is Level.ERROR for finding in match.findings):
        raise WeightsError(match.findings)
    taken = {value: StoredWeight(absent[value], stored) for value, stored in match.found.items()}
    return Weights(checkpoint, taken, match.findings)


def _names(draft: OnnxDraft) -> set[str]:
    """All names that a checkpoint of the model may have: those of its state dict, and of buffers beside that."""
    captured = draft.captured
    buffers = (name for name, _ in captured.request.model.named_buffers(remove_duplicate=False))
    sources = (name for weight in absent_weights(draft.model).values() for name in weight.sources)
    return {*captured.exported.state_dict, *buffers, *sources}


def _site_of_use(draft: OnnxDraft, value: ir.Value) -> Site:
    """Where the model uses a weight first."""
    user = next((use.node for use in value.uses()), None)
    return draft.site(user) if user is not None else draft.captured.sources.fallback()


def weights_of(model: ir.Model, draft: OnnxDraft) -> set[ir.Value]:
    """The values of a graph that are parameters or buffers of the module, with or without values."""
    names = set(draft.captured.exported.state_dict)
    return {
        value
        for value in model.graph.initializers.values()
        if isinstance(value.const_value, (AbsentWeight, StoredWeight)) or value.name in names
    }
