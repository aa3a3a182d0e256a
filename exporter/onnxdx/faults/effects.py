"""What a call of the model changes in Python, or takes from outside, and what its results owe to that.

Whether a change matters is found out by running the model: once with the change and once without. That happens only
where a capture has changed something, or may have read a clock.
"""

from __future__ import annotations

import contextlib
import datetime
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import torch

from onnxdx.eager.muted import muted
from onnxdx.eager.other_values import varied
from onnxdx.eager.python_state import Change, PythonState
from onnxdx.eager.trial_calls import TrialCalls
from onnxdx.user_code.provenance import SourceMap
from onnxdx.user_code.stacks import Spot
from onnxdx_diagnostics.rules.dx115_side_effect import SideEffect

_DRAWS = 6
_CANDIDATES = 32
_FAR = 1009
_SHIFT = 98_765.4321
_CLOCKS = ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time")
_DATES = ("now", "utcnow", "today")
CLOCK_NAMES = frozenset((*_CLOCKS, *_DATES, "localtime", "gmtime"))
"""Names by which a function may read a clock."""


def findings(
    model: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    sources: SourceMap,
    changed: Sequence[Change],
    codes: Sequence[CodeType],
) -> Iterator[SideEffect]:
    """One finding for each thing outside the graph that the results of the model depend on.

    `changed` is what the capture has changed, `codes` are the user's functions that it ran. The model is called a few
    times, and left as it was.
    """
    held = [change for change in changed if not change.is_tensor]
    reads_clock = any(CLOCK_NAMES.intersection(code.co_names) for code in codes)
    if not held and not reads_clock:
        return
    calls = TrialCalls(model, args, kwargs, PythonState(model, sources.is_user))
    if not calls.possible:
        return
    with calls.state.kept(), muted():
        try:
            first = calls.run()
        except (Exception, SystemExit):  # a model that does not run has no results to compare
            return
        now = calls.state.changes()
        state = _state_that_matters(calls, first, now) or _history_that_matters(calls, first)
        culprits = state + _generators_that_matter(calls, first, now)
        for change in culprits:
            spots, module = _where(calls, change, sources)
            site = sources.site_at(spots, "", module or change.module or "")
            yield SideEffect(site, _written(change), "random" if change.is_random else "state")
        if reads_clock:
            calls.state.restore()
            for name, spots in _clocks_that_matter(calls, first, sources):
                yield SideEffect(sources.site_at(spots), name, "clock")


def _state_that_matters(calls: TrialCalls, first: Sequence[Any], changes: Sequence[Change]) -> list[Change]:
    """The changes that give the next call another result."""
    held = [change for change in changes if not change.is_tensor and not change.is_random][:_CANDIDATES]
    if not held:
        return []
    for change in changes:
        if change.is_tensor or change.is_random:
            change.set(change.before)
    if not calls.differ(first):
        return _counters_that_matter(calls, first, held)
    found = []
    for change in held:
        calls.state.restore()
        change.set(change.after)
        if calls.differ(first):
            found.append(change)
    if found:
        return found
    calls.state.restore()
    for change in held:
        change.set(change.after)
    return held[:1] if calls.differ(first) else []


def _history_that_matters(calls: TrialCalls, first: Sequence[Any]) -> list[Change]:
    """The changes by a call on other inputs that give the next call another result: what is kept of earlier inputs."""
    calls.state.restore()
    try:
        calls.run(*varied((calls.args, dict(calls.kwargs))))
    except (Exception, SystemExit):  # values that the model does not take tell nothing
        return []
    return _state_that_matters(calls, first, calls.state.changes())


def _counters_that_matter(calls: TrialCalls, first: Sequence[Any], held: Sequence[Change]) -> list[Change]:
    """Numbers that grow with every call and change the result when they have grown far."""
    again = {change.label: change for change in calls.state.changes()}
    found = []
    for change in held:
        grown = again.get(change.label)
        if grown is None or type(grown.after) not in (int, float) or grown.after == change.after:
            continue
        calls.state.restore()
        change.set(grown.after + _FAR * (1 if grown.after > change.after else -1))
        if calls.differ(first):
            found.append(change)
    return found


def _generators_that_matter(calls: TrialCalls, first: Sequence[Any], changes: Sequence[Change]) -> list[Change]:
    """The generators of random numbers that change the result when they are in another state."""
    found = []
    for change in (each for each in changes if each.is_random):
        latest = change.after
        for _ in range(_DRAWS):
            calls.state.restore()
            change.set(latest)
            if calls.differ(first):
                found.append(change)
                break
            latest = next((each.after for each in calls.state.changes() if each.label == change.label), latest)
    return found


def _where(calls: TrialCalls, change: Change, sources: SourceMap) -> tuple[tuple[Spot, ...], str]:
    """The stack at the line that makes a change, and the path of the module whose method it is."""
    calls.state.restore()
    watch = _Watch(change.stands, sources, {id(module): path for path, module in calls.model.named_modules()})
    with watch.watching(), contextlib.suppress(Exception, SystemExit):
        calls.run()
    return watch.found or ((), "")


@dataclass
class _Watch:
    """Follows the user's code line by line until something has happened; `found` is where."""

    happened: Callable[[], bool]
    sources: SourceMap
    modules: Mapping[int, str]
    found: tuple[tuple[Spot, ...], str] | None = None
    last: tuple[tuple[Spot, ...], str] = ((), "")

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _call(self, frame: FrameType, event: str, arg: object) -> Any:
        if self.found is not None or not self.sources.is_user(frame.f_code.co_filename):
            return None
        self._step(frame, event, arg)
        return self._step

    def _step(self, frame: FrameType, event: str, arg: object) -> Any:
        if self.found is None and self.last[0] and self.happened():
            self.found = self.last
        if self.found is not None:
            return None
        self.last = self._stack(frame.f_back if event == "return" else frame)
        return self._step

    def _stack(self, frame: FrameType | None) -> tuple[tuple[Spot, ...], str]:
        spots, module = [], ""
        while frame is not None:
            if self.sources.is_user(frame.f_code.co_filename):
                spots.append(Spot(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
            if frame.f_code is TrialCalls.run.__code__:
                break
            module = module or self.modules.get(id(frame.f_locals.get("self")), "")
            frame = frame.f_back
        return tuple(reversed(spots)), module


def _clocks_that_matter(
    calls: TrialCalls, first: Sequence[Any], sources: SourceMap
) -> list[tuple[str, tuple[Spot, ...]]]:
    """The clocks that change the result when they are read at another time: name, and stack of the first reading."""
    read: dict[str, tuple[Spot, ...]] = {}

    def on_read(name: str, frame: FrameType | None) -> None:
        spots = []
        while frame is not None and frame.f_code is not TrialCalls.run.__code__:
            if sources.is_user(frame.f_code.co_filename):
                spots.append(Spot(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
            frame = frame.f_back
        if spots:
            read.setdefault(name, tuple(reversed(spots)))

    found = []
    with _shifted((), on_read, calls.state.namespaces):
        calls.differ(first)
    for name in list(read):
        with _shifted((name,), on_read, calls.state.namespaces):
            if calls.differ(first):
                found.append((name, read[name]))
        calls.state.restore()
    return found


@contextlib.contextmanager
def _shifted(
    names: Sequence[str], on_read: Callable[[str, FrameType | None], None], namespaces: Sequence[dict[str, Any]]
) -> Iterator[None]:
    """While open, the clocks of these names are ahead, and every reading of a clock is heard of."""
    replaced: dict[int, Any] = {}
    for name in _CLOCKS:
        replaced[id(getattr(time, name))] = _clock(name, name in names, on_read)
    replaced[id(datetime.datetime)] = _calendar("datetime.datetime" in names, on_read)
    changed: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for scope in (vars(time), vars(datetime), *namespaces):
            for name, value in list(scope.items()):
                if id(value) in replaced:
                    changed.append((scope, name, value))
                    scope[name] = replaced[id(value)]
        yield
    finally:
        for scope, name, value in changed:
            scope[name] = value


def _clock(name: str, ahead: bool, on_read: Callable[[str, FrameType | None], None]) -> Callable[[], float]:
    read = getattr(time, name)
    shift = 0.0 if not ahead else int(_SHIFT * 1e9) if name.endswith("_ns") else _SHIFT

    def clock() -> Any:
        on_read(f"time.{name}", sys._getframe(1))
        return read() + shift if shift else read()

    return clock


def _calendar(ahead: bool, on_read: Callable[[str, FrameType | None], None]) -> type:
    shift = datetime.timedelta(seconds=_SHIFT if ahead else 0)

    def reader(name: str) -> Any:
        def read(cls: type, *args: Any) -> Any:
            on_read("datetime.datetime", sys._getframe(1))
            return getattr(datetime_class, name)(*args) + shift

        return classmethod(read)

    datetime_class = datetime.datetime
    return type("datetime", (datetime_class,), {name: reader(name) for name in _DATES})


def _written(change: Change) -> str:
    """The name of what changed as the user writes it."""
    if change.module is None or change.is_random:
        return change.label
    return f"self.{change.label.removeprefix(f'{change.module}.')}"
