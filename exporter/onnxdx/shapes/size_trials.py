"""Trials at other sizes: which sizes are tried, and which dim is to blame when a trial goes wrong.

All dims change at once first, which is the cheapest way to see that all is well; each alone where that does not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from onnxdx.errors import first_line
from onnxdx.shapes.other_sizes import OtherSize, OtherSizes
from onnxdx_diagnostics.report import Trial, VerdictOutcome


@dataclass(frozen=True)
class Attempt:
    """What came of one trial: eager `refused` the inputs, the ONNX model is `wrong`, or both agree."""

    refused: Exception | None = None
    wrong: str = ""
    max_abs: float = 0.0
    max_rel: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether both gave the same."""
        return self.refused is None and not self.wrong


@dataclass(frozen=True)
class Hole:
    """A size of `dim` that the model itself refuses, while it takes sizes around it."""

    dim: str
    size: int
    error: Exception


@dataclass
class SizeTrials:
    """The trials of one model. `attempt` compares the ONNX model with eager; equal sizes are tried once."""

    others: OtherSizes
    attempt: Callable[[OtherSize], Attempt]
    trials: list[Trial] = field(default_factory=list)
    failures: list[OtherSize] = field(default_factory=list)
    _known: dict[tuple[tuple[str, int], ...], Attempt] = field(default_factory=dict)
    _refused: list[tuple[str, int, Exception]] = field(default_factory=list)

    def run(self) -> None:
        """Try every dim at another size, and where that went well, at its smallest and past what torch knows of it."""
        if not self._all_at_once(self.others.all_other()):
            self._each(self.others.others, needed=True)
        if not self.failures and not self._all_at_once(self.others.all_smaller()):
            self._each(self.others.smaller, needed=False)
        if not self.failures:
            self._each(self.others.past_known, needed=False)

    def holes(self) -> list[Hole]:
        """The sizes that eager refused between sizes that it took; the first for each dim."""
        found: dict[str, Hole] = {}
        for dim, size, error in self._refused:
            took = [each for trial in self.trials for name, each in trial.sizes.items() if name == dim]
            took += [traced[dim] for traced in self._traced if dim in traced]
            if took and min(took) < size < max(took):
                found.setdefault(dim, Hole(dim, size, error))
        return list(found.values())

    @property
    def _traced(self) -> Iterable[dict[str, int]]:
        return ({name: self.others.traced(name)} for name in self.others.names)

    def _all_at_once(self, other: OtherSize | None) -> bool:
        """Whether nothing more is to be tried: all dims agree together, or the one that changed is to blame."""
        if other is None:
            return False
        attempt = self._tried(other)
        if attempt.agrees:
            self._note(other, attempt)
            return True
        if not attempt.wrong or len(other.sizes) == 1:
            return False
        return self._blame(other, attempt)

    def _blame(self, other: OtherSize, attempt: Attempt) -> bool:
        """Try each dim of a failure alone; where none fails, it is their combination that does."""
        for name, size in other.sizes.items():
            alone = self.others.at(name, size)
            if alone is not None and self._tried(alone).wrong:
                self._note(alone, self._tried(alone))
        if not self.failures:
            self._note(other, attempt)
        return True

    def _each(self, candidates: Callable[[str], Iterable[OtherSize]], *, needed: bool) -> None:
        """The first size of each dim that eager can run decides; with `needed`, that there is none is said."""
        for name in self.others.names:
            reason = "no other size is in its range"
            for other in candidates(name):
                attempt = self._tried(other)
                if attempt.refused is None:
                    self._note(other, attempt)
                    break
                self._refused.append((name, other.sizes[name], attempt.refused))
                reason = f"eager raises {first_line(attempt.refused)}"
            else:
                if needed:
                    said = f"another size of `{name}` was not tried: {reason}"
                    self.trials.append(Trial({}, VerdictOutcome.NOT_RUN, reason=said))

    def _tried(self, other: OtherSize) -> Attempt:
        key = tuple(sorted(other.sizes.items()))
        if key not in self._known:
            self._known[key] = self.attempt(other)
        return self._known[key]

    def _note(self, other: OtherSize, attempt: Attempt) -> None:
        outcome, reason = VerdictOutcome.PROVEN, ""
        if attempt.wrong:
            self.failures.append(other)
            at = ", ".join(f"{name}={size}" for name, size in other.sizes.items())
            outcome, reason = VerdictOutcome.DIFFERS, f"{at}: {attempt.wrong}"
        self.trials.append(Trial(dict(other.sizes), outcome, attempt.max_abs, attempt.max_rel, reason))
