"""How it came to a result: the user's calls and the passes that went before, as code flow and as stacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sarif_om as om

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.anchor import project_path
from onnxdx_diagnostics.finding import Finding, Frame, Location
from onnxdx_diagnostics.graphs import Graphs
from onnxdx_diagnostics.passage import Stop, passage
from onnxdx_diagnostics.report import Outcome, Report
from onnxdx_diagnostics.sarif.places import Places
from onnxdx_diagnostics.sarif.plain import OURS
from onnxdx_diagnostics.visible import visible

# GitHub keeps a thousand steps.
MOST_STEPS = 900


def code_flow(
    finding: Finding, place: Location, said: str, report: Report, places: Places, graphs: Graphs | None
) -> om.CodeFlow:
    """The user's calls, the passes that went before with what they made of the node, last the fault at its own line."""
    flow = _Flow(places)
    called = [frame for frame in finding.site.stack if frame.user][-MOST_STEPS:]
    for frame in called:
        path = project_path(frame.location.path, report.root)
        if path and (path, frame.location.line) != (place.path, place.line):
            flow.add(replace(frame.location, path=path), f"In '{visible(frame.function)}'.", "call", "python")
    *before, last = _way(finding, report)
    stops = passage(finding, graphs)
    for name in before:
        for stop in [stop for stop in stops if stop.passed == name] or [Stop(name, "")]:
            made = f": {visible(stop.what)}" if stop.what else ""
            step = flow.add(place, f"After pass '{visible(name)}'{made}.".replace("`", "'"), "value", f"onnxdx.{name}")
            step.state = _state([f"{finding.site.fx_node}: {stop.value}"] if stop.value else [])
    step = flow.add(place, said, "danger", f"onnxdx.{last}")
    step.importance = "essential"
    step.state = _state(finding.site.values)
    return om.CodeFlow(thread_flows=[om.ThreadFlow(locations=flow.steps)])


def stacks(finding: Finding, places: Places) -> list[om.Stack]:
    """The Python stack, innermost first: the user's frames, and all frames when there are others."""
    frames = finding.site.stack[::-1]
    users = [frame for frame in frames if frame.user]
    told = []
    if users:
        told.append(_stack("Python stack at capture, frames of the project.", users, places))
    if len(users) < len(frames):
        told.append(_stack("Python stack at capture, all frames.", frames, places))
    return told


class _Flow:
    """Steps in their order."""

    def __init__(self, places: Places) -> None:
        self.steps: list[om.ThreadFlowLocation] = []
        self._places = places

    def add(self, place: Location, text: str, kind: str, module: str) -> om.ThreadFlowLocation:
        """One more step, at a place of the project."""
        physical = self._places.physical(place, code=kind == "call")
        step = om.ThreadFlowLocation(
            location=om.Location(physical_location=physical, message=om.Message(text=text)),
            execution_order=len(self.steps) + 1,
            nesting_level=sum(step.kinds == ["call"] for step in self.steps),
            kinds=[kind],
            module=visible(module),
            importance="important",
        )
        self.steps.append(step)
        return step


def _way(finding: Finding, report: Report) -> list[str]:
    """The passes up to the one that a finding is of."""
    stage = catalog.stage(finding.id)
    ran = [record.name for record in report.passes if record.outcome is not Outcome.NOT_RUN]
    return [*ran[: ran.index(stage)], stage] if stage in ran else [stage]


def _state(values: Iterable[str]) -> dict[str, om.MultiformatMessageString] | None:
    """What is known of variables at a step."""
    return {name: om.MultiformatMessageString(text=known) for name, known in map(_watched, values)} or None


def _watched(value: str) -> tuple[str, str]:
    """ "x: f32[2]" as a variable and what is known of it."""
    name, colon, known = value.partition(": ")
    return (visible(name), visible(known)) if colon else ("value", visible(value))


def _stack(title: str, frames: Iterable[Frame], places: Places) -> om.Stack:
    return om.Stack(
        message=om.Message(text=title),
        frames=[
            om.StackFrame(
                location=om.Location(
                    physical_location=places.frame(frame.location),
                    message=om.Message(text=visible(frame.function) or "<module>"),
                ),
                properties=None if frame.user else {OURS: {"user": False}},
            )
            for frame in frames
        ],
    )
