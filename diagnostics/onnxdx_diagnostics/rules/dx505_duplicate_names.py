"""DX505: inputs or outputs of the model share a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class DuplicateNames(Finding):
    """Inputs or outputs of the model share a name.

    ## What it means
    The inputs and outputs of an ONNX model are known by their names, and here one name is given twice.

    ## Why it stops the export
    Runtimes refuse the model, or leave one of the two out.

    ## How to fix it
    Rename the parameter of `forward()`, the buffer, or the key of the returned dict that the name comes from.
    """

    id: ClassVar[str] = "DX505"
    name: ClassVar[str] = "duplicate-names"
    level: ClassVar[Level] = Level.ERROR

    kind: str
    duplicates: tuple[str, ...]

    def message(self) -> str:
        names = ", ".join(f"`{name}`" for name in self.duplicates)
        return f"More than one of the model's {self.kind} has the name {names}."

    def fixes(self) -> tuple[Fix, ...]:
        return (
            Fix("Rename the parameter of `forward()`, the buffer or the key of the result that the name comes from."),
        )
