"""DX803: a pass of the export was refused memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class OutOfMemory(Finding):
    """A pass of the export gets no more memory.

    ## What it means
    The system, or a limit of this process (`ulimit -v`, a container), refused memory to the pass. Neither your code nor
    onnxdx is at fault: the model, the sample inputs or the graph are larger than what is there.

    ## Why it stops the export
    What the pass was to compute is not there. The passes after it that do not need it have still run, and what they
    found stands in the same report.

    ## How to fix it
    Export on smaller sample inputs (a batch of 2, short sequences; the graph is the same when these dims are dynamic),
    without verification, which runs the model twice (`--no-verify`), or without the weights in memory:
    `onnxdx.enable_fake_mode()` builds the model without them, and `program.save(path, model_state=...)` streams them
    from a checkpoint.
    """

    id: ClassVar[str] = "DX803"
    name: ClassVar[str] = "out-of-memory"
    level: ClassVar[Level] = Level.ERROR

    doing: str
    reason: str

    def message(self) -> str:
        return f"There is not enough memory for `{self.doing}`: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        smaller = Fix("Export on smaller sample inputs, or give the process more memory.")
        if self.doing == "verify":
            return (smaller, Fix("Or export with `--no-verify`: verification holds the model twice."))
        return (smaller, Fix("Or build the model without its weights: `onnxdx.enable_fake_mode()`."))
