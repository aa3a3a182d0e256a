"""DX199: torch.export failed in a way that no other rule knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level


@dataclass(frozen=True)
class CaptureFailed(Finding):
    """torch.export failed in a way that no other rule knows.

    ## What it means
    The model runs, but torch.export raised an exception that does not point to a line of yours.

    ## Why it stops the export
    There is no graph to translate.

    ## How to fix it
    The message is torch's own. `onnxdx repro` writes a program that shows the failure without onnxdx.
    """

    id: ClassVar[str] = "DX199"
    name: ClassVar[str] = "capture-failed"
    level: ClassVar[Level] = Level.ERROR
    EXAMPLE: ClassVar[str] = ""

    error: str
    text: str

    def message(self) -> str:
        said = f": {self.text.rstrip('.')}" if self.text else ""
        return f"torch.export raises `{self.error}`{said}."
