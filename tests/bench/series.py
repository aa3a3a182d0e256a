"""What was measured: a series of runs for each side, and a model with the series of all sides."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

SIDES = ("peer", "ours", "verified")
BESIDES = ("capture", "verify")


def name_of_depth(layers: int) -> str:
    """What the model of so many layers is called among the models of the zoo."""
    return f"llama-{layers}-layers"


@dataclass
class Series:
    """The repeated measurements of one side on one model. `error` is why there are none."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""

    def add(self, found: dict[str, Any]) -> None:
        """Take the result of one process."""
        if "error" in found:
            self.error = found["error"]
            return
        self.runs.append(found)

    def median(self, what: str) -> float:
        """Median over the runs of "cpu", "wall", "memory", "nodes" or "latency"; that one may be nan."""
        return statistics.median(float("nan") if run[what] is None else float(run[what]) for run in self.runs)

    def spread(self) -> float:
        """(max - min) / median of the CPU seconds."""
        seconds = [float(run["cpu"]) for run in self.runs]
        return (max(seconds) - min(seconds)) / statistics.median(seconds)

    def passes(self, clock: str = "passes") -> dict[str, float]:
        """Median CPU seconds of each pass; with "walls", wall seconds."""
        names = self.runs[0][clock]
        return {name: statistics.median(run[clock].get(name, 0.0) for run in self.runs) for name in names}


@dataclass
class Model:
    """One model, all sides."""

    name: str
    peer: Series = field(default_factory=Series)
    ours: Series = field(default_factory=Series)
    verified: Series = field(default_factory=Series)

    def series(self, side: str) -> Series:
        """The series of "peer", "ours" or "verified"."""
        return {"peer": self.peer, "ours": self.ours, "verified": self.verified}[side]

    @property
    def errors(self) -> list[str]:
        """Which sides failed, and why."""
        return [f"{side}: {self.series(side).error}" for side in SIDES if self.series(side).error]

    @property
    def comparable(self) -> bool:
        """Whether both exporters exported it."""
        return bool(self.peer.runs and self.ours.runs)

    def ratio(self, what: str) -> float:
        """Ours over the peer's."""
        return self.ours.median(what) / self.peer.median(what)

    @property
    def capture(self) -> float:
        """CPU seconds of our capture."""
        return self.ours.passes()["capture"]

    @property
    def after(self) -> float:
        """CPU seconds of everything of ours after capture, without verification."""
        return sum(seconds for name, seconds in self.ours.passes().items() if name not in BESIDES)
