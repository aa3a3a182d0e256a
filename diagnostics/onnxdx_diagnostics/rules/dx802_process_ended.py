"""DX802: the process that ran the user's code ended before the export did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix

_MEANINGS = {
    "SIGABRT": "it was aborted",
    "SIGBUS": "bus error",
    "SIGFPE": "arithmetic fault",
    "SIGILL": "illegal instruction",
    "SIGKILL": "it was killed, as the system does when memory runs out",
    "SIGSEGV": "segmentation fault",
    "SIGTERM": "another process ended it",
    "SIGXCPU": "its limit of CPU time was reached",
}


@dataclass(frozen=True)
class ProcessEnded(Finding):
    """The process that runs your code ends before the export does.

    ## What it means
    Code that runs in the export ended the whole process: a fault in a C or C++ extension (a signal such as SIGSEGV or
    SIGABRT), a lack of memory (SIGKILL), or a call that leaves Python at once (`os._exit`, `sys.exit`). The finding
    stands on the innermost line of your code that was running, as far as it is known.

    ## Why it stops the export
    The step that was under way has no result, and the passes after it have not run. What the passes before it found
    stands in the same report.

    ## How to fix it
    For a signal, run the model alone on the same inputs: if it ends as well, the extension or the call on this line is
    at fault; if it does not, tracing calls it with tensors that have no memory behind them, and a custom operator with
    a fake kernel (`torch.library.register_fake`) keeps it from being called. For a lack of memory, export on
    smaller sample inputs or with `--no-verify`. Code that calls `sys.exit` or `os._exit` is to raise instead.
    """

    id: ClassVar[str] = "DX802"
    name: ClassVar[str] = "process-ended"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """
# $ onnxdx export example.py:build
import os

def build():
    os._exit(7)  # expect: DX802
"""

    doing: str
    by: str

    def message(self) -> str:
        meaning = f" ({_MEANINGS[self.by]})" if self.by in _MEANINGS else ""
        return f"The process ends by {self.by}{meaning} during `{self.doing}`."

    def fixes(self) -> tuple[Fix, ...]:
        if self.by == "SIGKILL":
            need = " or with `--no-verify`" if self.doing == "verify" else ""
            return (Fix(f"Give the process more memory, or export on smaller sample inputs{need}."),)
        if "exit" in self.by:
            return (Fix("Raise an exception where the code ends the process."),)
        if self.doing == "verify":
            return (Fix("Export with `--no-verify` until the runtime or the extension is corrected."),)
        return (
            Fix("Run this line alone on real tensors; if the process ends as well, correct the extension it calls."),
        )
