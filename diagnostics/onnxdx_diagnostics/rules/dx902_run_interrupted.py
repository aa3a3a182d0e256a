"""DX902: the run was interrupted before it came to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level


@dataclass(frozen=True)
class RunInterrupted(Finding):
    """The run is interrupted before it comes to its end.

    ## What it means
    Ctrl-C (SIGINT) arrived while the target was loaded or exported. The report holds what was known by then; it does
    not say that nothing else is wrong.

    ## Why it stops the export
    The passes that were under way or still to come have not run.

    ## How to fix it
    Run the export again. `--run-dir` keeps the events of a run as they happen, which shows the pass that takes so long.
    """

    id: ClassVar[str] = "DX902"
    name: ClassVar[str] = "run-interrupted"
    level: ClassVar[Level] = Level.ERROR

    doing: str

    def message(self) -> str:
        return f"The run is interrupted during `{self.doing}`."
