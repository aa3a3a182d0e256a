"""DX710: the registry file cannot be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class RegistryFileRaises(Finding):
    """The registry file raises an exception.

    ## What it means
    The Python file with your ONNX functions was run, and that ended in an exception or in `sys.exit`.

    ## Why it stops the export
    Which functions were meant is not known.

    ## How to fix it
    The finding stands on the innermost line of your own code; `--traceback` prints Python's own traceback. The file is
    run after the target's, so that the operators which that defines are there.
    """

    id: ClassVar[str] = "DX710"
    name: ClassVar[str] = "registry-file-raises"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = """"""

    path: str
    error: str
    text: str = ""

    def message(self) -> str:
        text = self.text.rstrip(".")
        return f"Running the registry file `{self.path}` raises `{self.error}`{f': {text}' if text else ''}."

    def fixes(self) -> tuple[Fix, ...]:
        return (Fix(f"Correct `{self.path}`, or export without it."),)
