"""The event stream of a run: what passes did, as it happens. Findings are about the model; events are about the run."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from onnxdx_diagnostics.finding import Finding


class EventKind(enum.Enum):
    """What happened."""

    RUN_STARTED = "run-started"
    PASS_STARTED = "pass-started"
    PASS_ENDED = "pass-ended"
    FINDING = "finding"
    RUN_ENDED = "run-ended"


@dataclass(frozen=True)
class Event:
    """One thing that happened. `subject` is the pass, the rule id or the target; `time` is seconds since the epoch.

    `finding` is the finding of a FINDING event, for listeners in the same process.
    """

    kind: EventKind
    subject: str
    time: float
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    finding: Finding | None = None


Listener = Callable[[Event], None]


def unheard(event: Event) -> None:
    """The listener of a run that nobody watches."""
