"""The event stream of a run: what passes did, as it happens. Findings are about the model; events are about the run."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from onnxdx_diagnostics.finding import Finding


class EventKind(enum.Enum):
    """What happened.

    STEP_STARTED: a part of the run begins that is no pass (the target is loaded, the model saved). PLACE: the user's
    code is at this line (facts `path`, `line`, `function`). PROMPT: it waits for the user at a debugger's prompt.
    PROGRESS: the step under way has done so much of its work (facts `done` and `total`, in bytes).
    """

    RUN_STARTED = "run-started"
    STEP_STARTED = "step-started"
    PASS_STARTED = "pass-started"
    PASS_ENDED = "pass-ended"
    PLACE = "place"
    PROMPT = "prompt"
    PROGRESS = "progress"
    FINDING = "finding"
    RUN_ENDED = "run-ended"


@dataclass(frozen=True)
class Event:
    """One thing that happened. `subject` is the pass, the rule id or the target; `time` is seconds since the epoch.

    `finding` is the finding of a FINDING event.
    """

    kind: EventKind
    subject: str
    time: float
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    finding: Finding | None = None


Listener = Callable[[Event], None]


def unheard(event: Event) -> None:
    """The listener of a run that nobody watches."""


def all_of(*listeners: Listener) -> Listener:
    """A listener that tells each of these, in order."""

    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return listen
