"""What is offered for the findings of the corpus: a table of program, finding, fix and how far it was tried.

    python tests/failing/fixes.py [--only PATTERN] [--rule DXNNN] [--diffs]

Programs that need a command line of their own are left out.
"""

from __future__ import annotations

import argparse
import fnmatch
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus import Program, inside, programs

from onnxdx import pipeline
from onnxdx.fixes import Evidence, sources
from onnxdx.rehearsal import Rehearsal, Server
from onnxdx.targets.target_error import TargetError
from onnxdx.worker import request_of
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Applicability, Fix
from onnxdx_diagnostics.worker_protocol import Job


@dataclass(frozen=True)
class Row:
    """One finding, with the first fix that is offered."""

    program: str
    finding: Finding
    fix: Fix | None
    seconds: float

    def __str__(self) -> str:
        place = self.finding.site.location
        where = f"{self.program}:{place.line if place else '-'}"
        kind = self.fix.provider.removeprefix("sources.") if self.fix else "-"
        how = self.fix.applicability.value if self.fix else "-"
        return f"{where:48} {self.finding.id}  {how:10} {kind:28} {self.seconds:5.1f} s"


def rows(program: Program, folder: Path, server: Server, rule: str = "") -> Iterator[Row]:
    """The findings of a program that a change of its source may help, each with what is offered first."""
    path = Path(shutil.copy(program.path, folder))
    with inside(folder):
        job = Job(target=f"{path.name}:build", root=str(folder), events="")
        try:
            request = request_of(job)
        except TargetError:
            return
        exported, report = pipeline.run(request)
        rehearsal = Rehearsal(job, server)
        evidence = Evidence(request, report, exported, folder / "onnxdx_registry.py", rehearsal)
        for finding in report.findings:
            if finding.id in sources.RULES and (not rule or finding.id == rule):
                started = time.perf_counter()
                fix = next(iter(sources.offers(finding, evidence)), None)
                yield Row(program.name, finding, fix, time.perf_counter() - started)


def table(pattern: str = "*", rule: str = "") -> Iterator[Row]:
    """The rows of all programs whose names match."""
    with Server() as server:
        for program in programs():
            if program.is_fine or program.command or not fnmatch.fnmatch(program.name, pattern):
                continue
            with tempfile.TemporaryDirectory() as folder:
                yield from rows(program, Path(folder), server, rule)


def summary(found: Sequence[Row]) -> str:
    """How many findings have a proven fix, and by which kinds of change."""
    proven = [row for row in found if row.fix is not None and row.fix.applicability is Applicability.PROVEN]
    kinds = sorted({row.fix.provider.removeprefix("sources.") for row in proven if row.fix is not None})
    plausible = sum(row.fix is not None for row in found) - len(proven)
    return (
        f"{len(found)} findings: {len(proven)} have a proven fix and {plausible} a plausible one; "
        f"proven by {len(kinds)} kinds of change: {', '.join(kinds)}"
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="programs whose names match")
    parser.add_argument("--rule", default="", metavar="DXNNN", help="findings of this rule only")
    parser.add_argument("--diffs", action="store_true", help="show the change, and what was tried")
    asked = parser.parse_args()
    found: list[Row] = []
    for row in table(asked.only, asked.rule):
        found.append(row)
        print(row, flush=True)
        if asked.diffs and row.fix is not None:
            print(row.fix.diff, row.fix.proof, row.fix.unproven, row.fix.text, sep="\n", flush=True)
    print(summary(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
