"""What one export has worked out, for the next export of the same model to use again.

Values stand under content keys: all that a value depends on is in its key. A memory is of one model on one set of
inputs, which are therefore in no key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.sink import Sink

A = TypeVar("A")
B = TypeVar("B")

_RUNS = 3
"""A value that this many runs had no use for is dropped."""


@dataclass(frozen=True)
class Same:
    """An object as a key: equal only to itself. The key keeps it alive, so that no other object gets its place."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


class Memory:
    """Values under keys. One that does not keep them makes each anew: an export that nobody reruns holds no more."""

    def __init__(self, keeps: bool = False) -> None:
        self.keeps = keeps
        self._known: dict[Hashable, Any] = {}
        self._used: dict[Hashable, int] = {}
        self._run = 0

    def begin_run(self) -> None:
        """Drop what the last runs did not use."""
        self._run += 1
        for key in [key for key, run in self._used.items() if run < self._run - _RUNS]:
            del self._known[key], self._used[key]

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def once(self, key: Hashable, make: Callable[[], B], kept: Callable[[B], bool] = lambda value: True) -> B:
        """The value of `key`, made when it is not known.

        Kept is what `kept` says so of. What `make` raises passes through and is not kept.
        """
        if not self.keeps:
            return make()
        if key not in self._known:
            made = make()
            if not kept(made):
                return made
            self._known[key] = made
        self._used[key] = self._run
        found: B = self._known[key]
        return found

    def said_once(self, key: Hashable, work: Callable[[A, Sink], B], value: A, sink: Sink) -> B:
        """What `work` gives for `value`; when that is known, what it said and recorded is said and recorded again."""
        if not self.keeps:
            return work(value, sink)
        known = key in self._known
        heard: _Heard = self.once(key, _Heard)
        if known:
            for finding in heard.findings:
                sink.emit(finding)
            sink.record(heard.facts)
            return heard.result  # type: ignore[no-any-return]
        heard.sink = sink
        try:
            heard.result = work(value, heard)
        except BaseException:
            del self._known[key]
            raise
        heard.sink = None
        return heard.result  # type: ignore[no-any-return]

    def forget(self) -> None:
        """Know nothing any more."""
        self._known.clear()
        self._used.clear()


@dataclass
class _Heard:
    """What a pass gave, said and recorded. While the pass runs it is its sink, and tells everything to `sink`."""

    result: Any = None
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, str | int | float] = field(default_factory=dict)
    sink: Sink | None = None

    def emit(self, finding: Finding) -> None:
        """Take one finding."""
        self.findings.append(finding)
        if self.sink is not None:
            self.sink.emit(finding)

    def record(self, facts: Mapping[str, str | int | float]) -> None:
        """Take facts of a pass."""
        self.facts.update(facts)
        if self.sink is not None:
            self.sink.record(facts)
