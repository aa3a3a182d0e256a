"""Where the answer of a command goes: standard output, kept clean of what the user's code prints."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


class Answer:
    """Standard output for us alone.

    When `alone`, everything else that is written to file descriptor 1 from now on, by Python, by C or by a child, goes
    to standard error. A reader that goes away early (`| head`) is no error.
    """

    def __init__(self, *, alone: bool) -> None:
        self.stream: TextIO = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
        if not alone or sys.stdout is None:
            return
        sys.stdout.flush()
        self.stream = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
        os.dup2(2, 1)

    def write(self, text: str) -> None:
        """Write `text` and a line end."""
        with self:
            self.line(text)

    def line(self, text: str) -> None:
        """Write `text` and a line end, inside of a `with` block."""
        self.stream.write(text + "\n")

    def console(self) -> Console:
        """A console of rich on this answer, in the colours and the width that it has."""
        from rich.console import Console

        class Plain(Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        return Plain(file=self.stream)

    def __enter__(self) -> Answer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None and not isinstance(error, BrokenPipeError):
            return False
        try:
            self.stream.flush()
        except BrokenPipeError:
            # Python flushes once more at exit; what is left then goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
        return True
