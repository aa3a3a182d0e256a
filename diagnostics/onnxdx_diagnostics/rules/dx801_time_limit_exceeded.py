"""DX801: a step of the run does not end in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class TimeLimitExceeded(Finding):
    """A step of the run does not end within the time limit.

    ## What it means
    The process that ran your code was stopped, because loading the target or one pass took longer than `--timeout`
    allows. The finding stands on the line of your code that was running then. It may hang there (an endless loop, a
    lock, a download, a wait for input), or only be slow.

    ## Why it stops the export
    The step that was stopped has no result, and the passes after it have not run. What the passes before it found
    stands in the same report.

    ## How to fix it
    If the line hangs, `--traceback` shows the stack that it hangs in. If it is slow for a good reason, give it more
    time with `--timeout SECONDS`; `--timeout 0` sets no limit. A model that is only slow to load can be saved once
    with `torch.export.save` and exported from the `.pt2` file.
    """

    id: ClassVar[str] = "DX801"
    name: ClassVar[str] = "time-limit-exceeded"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build --timeout 2
import time

def build():
    time.sleep(60)  # expect: DX801
"""

    doing: str
    seconds: float

    def message(self) -> str:
        return f"The time limit of {self.seconds:g} s ends `{self.doing}`, which runs here."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("If this line hangs, let it end: look for a loop, a lock or a download that never does."),
            Fix(f"If it is only slow, allow more than {self.seconds:g} s with `--timeout`; 0 sets no limit."),
        )
