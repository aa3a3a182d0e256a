"""DX901: onnxdx itself fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.fix import Fix


@dataclass(frozen=True)
class InternalError(Finding):
    """A pass of onnxdx itself fails.

    ## What it means
    A pass raised an exception that it should not raise, whatever the model is. The fault is in onnxdx, not in your
    code.

    ## Why it stops the export
    What the pass was to compute is not there. The passes after it that do not need it have still run, and what they
    found stands in the same report.

    ## How to fix it
    Please report it: `onnxdx export ... --run-dir DIR` writes everything that a report needs, and `--traceback` shows
    Python's own traceback. Until it is corrected, the pass can often be avoided: `optimize=False` for `optimize`,
    `functions="none"` for `functions`, `verify=False` for `verify`; for other passes, the line that the finding stands
    on can be written in another way.
    """

    id: ClassVar[str] = "DX901"
    name: ClassVar[str] = "internal-error"
    level: ClassVar[Level] = Level.ERROR

    stage: str
    reason: str
    where: str

    def message(self) -> str:
        return f"The pass `{self.stage}` of onnxdx fails: {self.reason.rstrip('.')}."

    def fixes(self) -> tuple[Fix, ...]:
        way_round = {
            "functions": 'Export with `functions="none"` until it is corrected.',
            "optimize": "Export with `optimize=False` until it is corrected.",
            "verify": "Export with `--no-verify` or `verify=False` until it is corrected.",
        }.get(self.stage)
        at = f" (it fails at {self.where})" if self.where else ""
        report = Fix(f"Report the fault to onnxdx with the run folder of `--run-dir`{at}.")
        return (Fix(way_round), report) if way_round else (report,)
