"""Programs in a folder of their own, their findings, and what is offered for them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from onnxdx import pipeline
from onnxdx.fixes import Evidence, sources
from onnxdx.rehearsal import Rehearsal, Server
from onnxdx.worker import request_of
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.worker_protocol import Job

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Run:
    """One program, exported: its file, its findings, and the evidence that fixes are tried on."""

    path: Path
    evidence: Evidence

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.evidence.report.findings

    def finding(self, rule: str) -> Finding:
        """The first finding of a rule."""
        return next(each for each in self.findings if each.id == rule)

    def fixes(self, rule: str) -> list[Fix]:
        """What is offered for the first finding of a rule."""
        return [*sources.offers(self.finding(rule), self.evidence)]


class Programs:
    """Exports the text of a program with a `build()`; rehearsals share one process."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder, self._server = folder, server

    def __call__(self, text: str) -> Run:
        path = self._folder / f"program_{next(_NUMBERS)}.py"
        path.write_text(text, encoding="utf-8")
        return self.of_file(path)

    def of_file(self, path: Path) -> Run:
        job = Job(target=f"{path}:build", root=str(path.parent), events="")
        request = request_of(job)
        program, report = pipeline.run(request)
        retry = Rehearsal(job, self._server)
        return Run(path, Evidence(request, report, program, path.parent / "onnxdx_registry.py", retry))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as started:
        yield started


@pytest.fixture
def run(tmp_path: Path, server: Server) -> Iterator[Programs]:
    before = list(sys.path)
    yield Programs(tmp_path, server)
    sys.path[:] = before
