"""Where passes say what they have to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from onnxdx_diagnostics.finding import Finding


class Sink(Protocol):
    """Anything that takes findings, and facts about the work itself."""

    def emit(self, finding: Finding) -> None:
        """Take one finding."""
        ...

    def record(self, facts: Mapping[str, str | int | float]) -> None:
        """Take what is worth knowing of how a pass did its work: how long a part of it took, what was left out."""
        ...


class Collector:
    """Keeps findings in the order they were said and collapses equal faults.

    The same fault in 24 equal layers is one finding with `site.occurrences == 24` and the 24 module paths in
    `site.modules`.
    """

    def __init__(self) -> None:
        self._by_fault: dict[tuple[object, ...], Finding] = {}
        self._modules: dict[tuple[object, ...], dict[str, None]] = {}
        self.facts: dict[str, str | int | float] = {}

    def emit(self, finding: Finding) -> None:
        """Take one finding; a repeated fault adds to the occurrences of the first."""
        fault = finding.fault
        modules = self._modules.setdefault(fault, {})
        modules.update(dict.fromkeys(finding.site.modules or filter(None, [finding.site.module])))
        first = self._by_fault.get(fault)
        if first is None:
            self._by_fault[fault] = finding
            return
        occurrences = first.site.occurrences + finding.site.occurrences
        self._by_fault[fault] = replace(first, site=replace(first.site, occurrences=occurrences))

    def record(self, facts: Mapping[str, str | int | float]) -> None:
        """Keep facts; a later one of the same name takes the place of the earlier."""
        self.facts.update(facts)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, collapsed, in the order of their first occurrence."""
        return tuple(
            replace(finding, site=replace(finding.site, modules=tuple(self._modules[fault])))
            for fault, finding in self._by_fault.items()
        )
