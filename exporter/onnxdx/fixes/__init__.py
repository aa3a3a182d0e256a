"""Fix providers: what would make a finding go away, tried before it is offered.

A provider is a module or package in this folder with two names: `RULES`, the ids of the rules that it speaks to, and
`offers(finding, evidence)`, which yields fixes, each tried and with its proof. Providers are found, not listed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from onnxdx.program import ONNXProgram
from onnxdx.request import ExportRequest
from onnxdx_diagnostics.changes import digest_of
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Report

_ORDER = list(Applicability)


@dataclass(frozen=True)
class Retried:
    """What came of an export with files edited.

    `report` is its report; None when the edited files give no model. `same` says that the edited model computes in
    eager mode what the model did, on the sample inputs and on others, and `difference` what else it computes, or why it
    could not be compared. `unseen` are the sides of decisions in the edited lines that none of these inputs took.
    """

    report: Report | None
    same: bool
    difference: str = ""
    unseen: tuple[str, ...] = ()


class Retry(Protocol):
    """Exports the target again from a copy of its files with `edits` in them; nothing on disk is changed."""

    def __call__(self, edits: tuple[Edit, ...]) -> Retried:
        """Never raises for what the user's code does."""
        ...


@dataclass(frozen=True)
class Evidence:
    """What a provider may look at: the run that a finding comes from.

    `program` is what could be translated, None when nothing was captured. `registry_file` is the file to which ONNX
    functions are added, whether it exists or not. `retry` is None where there is no file to edit and load again, as for
    models handed over in Python.
    """

    request: ExportRequest
    report: Report
    program: ONNXProgram | None
    registry_file: Path
    retry: Retry | None = None


class Provider(Protocol):
    """A module of this folder."""

    RULES: frozenset[str]

    def offers(self, finding: Finding, evidence: Evidence) -> Iterator[Fix]:
        """Fixes for a finding of one of `RULES`."""
        ...


def fixes_for(finding: Finding, evidence: Evidence) -> tuple[Fix, ...]:
    """All fixes that were tried for a finding, the surest first."""
    offered = [
        replace(fix, provider=fix.provider or name, seen=_seen(fix.edits))
        for name, provider in _providers()
        if finding.id in provider.RULES
        for fix in provider.offers(finding, evidence)
    ]
    return tuple(sorted(offered, key=lambda fix: _ORDER.index(fix.applicability)))


def _seen(edits: tuple[Edit, ...]) -> tuple[tuple[str, str], ...]:
    """The digests of the files of edits, as they are now."""
    return tuple((path, digest_of(Path(path))) for path in dict.fromkeys(edit.path for edit in edits))


def with_fixes(finding: Finding, evidence: Evidence) -> Finding:
    """The finding, with what `fixes_for` gives."""
    return replace(finding, offered=fixes_for(finding, evidence))


def _providers() -> Iterator[tuple[str, Provider]]:
    for info in pkgutil.iter_modules(__path__):
        provider: Provider = importlib.import_module(f"{__name__}.{info.name}")
        yield info.name, provider
