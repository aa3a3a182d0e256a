"""Progress on standard error: a moving line on a terminal, one line per slow pass elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TextIO

from onnxdx_diagnostics.events import Event, EventKind

_SLOW = 0.5
_FRAME = 0.1
_BAR = 24
_SIGNS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_CLEAR = "\r\x1b[2K"


class Progress:
    """Says which step is under way when it takes longer than half a second. A listener of a run.

    Nothing is said about quick steps. On a terminal the line disappears when the run ends.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._moving = self._stream is not None and self._stream.isatty()
        self._step = ""
        self._since = 0.0
        self._share = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._drawn = False

    def __call__(self, event: Event) -> None:
        """Follow the events of a run."""
        if event.kind in (EventKind.STEP_STARTED, EventKind.PASS_STARTED):
            self.step(event.subject)
        elif event.kind is EventKind.PROGRESS:
            self._share = float(event.facts["done"]) / float(event.facts["total"])
        elif event.kind in (EventKind.PASS_ENDED, EventKind.RUN_ENDED, EventKind.PROMPT):
            self.done()

    def step(self, name: str) -> None:
        """A step begins."""
        self.done()
        with self._lock:
            self._step, self._since, self._share = name, time.monotonic(), 0.0

    def done(self) -> None:
        """The step under way, if any, has ended."""
        with self._lock:
            step, self._step = self._step, ""
            seconds = time.monotonic() - self._since
            self._clear()
            if step and not self._moving and seconds >= _SLOW:
                self._write(f"{step} … {seconds:.1f} s\n")

    def __enter__(self) -> Progress:
        if self._moving:
            threading.Thread(target=self._move, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.done()

    def _move(self) -> None:
        turn = 0
        while not self._over.wait(_FRAME):
            turn += 1
            with self._lock:
                seconds = time.monotonic() - self._since
                if self._step and seconds >= _SLOW:
                    share = f" {_bar(self._share)}" if self._share else ""
                    self._write(f"{_CLEAR}{_SIGNS[turn % len(_SIGNS)]} {self._step}{share} {seconds:.0f} s")
                    self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            self._write(_CLEAR)
            self._drawn = False

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        encoding = self._stream.encoding or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = open_nowhere()


def _bar(share: float) -> str:
    """How much of a step is done, as a bar and a number."""
    return f"{'█' * round(share * _BAR):░<{_BAR}} {share:.0%}"


def open_nowhere() -> TextIO:
    """A stream that takes everything: standard error has gone away, and the export has not."""
    import io

    return io.StringIO()
