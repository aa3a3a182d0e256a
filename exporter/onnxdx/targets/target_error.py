"""How a target fails: a finding that ends the run before there is a model."""

from __future__ import annotations

from onnxdx_diagnostics.finding import Finding


class TargetError(Exception):
    """The target gives no model; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message())
        self.finding = finding


class TargetMisnamed(TargetError):
    """What the command line says about the target is wrong; the user's code is not to blame."""
