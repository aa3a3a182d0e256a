"""A session: one model exported again and again, each time doing only what the change touches.

The passes keep in the session's memory what they have worked out, under content keys. So a run with another registry
does not capture again, and its result is that of a fresh export.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from onnxdx import pipeline
from onnxdx.fixes import Evidence, Retry, with_fixes
from onnxdx.memory import Memory
from onnxdx.program import ONNXProgram
from onnxdx.registry import OnnxRegistry
from onnxdx.request import ExportOptions, ExportRequest
from onnxdx.shapes import size_limits
from onnxdx_diagnostics.comparison import Comparison, compare
from onnxdx_diagnostics.events import Listener, unheard
from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fingerprint import identities
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.worker_protocol import REGISTRY


class Session:
    """The runs of one model on one set of inputs, which stay as they are while the session lasts.

    `report` and `program` are those of the latest run, None before the first; `listener` hears the next.
    `registry_file` is where fixes put ONNX functions, `retry` how a fix of source files is tried (see `Evidence`).
    """

    def __init__(
        self,
        request: ExportRequest,
        listener: Listener = unheard,
        *,
        registry_file: Path = Path(REGISTRY),
        retry: Retry | None = None,
    ) -> None:
        self.request = request
        self.report: Report | None = None
        self.program: ONNXProgram | None = None
        self.listener = listener
        self._registry_file = registry_file
        self._retry = retry
        self._memory = Memory(keeps=True)
        self._fixed: dict[str, Finding] = {}

    def run(self) -> Report:
        """Export the model. Raises KeyboardInterrupt only; what was known before is then still known."""
        self._memory.begin_run()
        if self._is_worn():
            self._memory.forget()
        self.program, self.report = pipeline.run(self.request, self.listener, self._memory)
        self._fixed.clear()
        return self.report

    def rerun(self, *, registry: OnnxRegistry | None = None, options: ExportOptions | None = None) -> Comparison:
        """Export again with another registry, other options, or both, and tell what became of the findings.

        What is not given stays. The model is captured again only when an option asks for another capture.
        """
        before, was = self.report or self.run(), self.request
        options = options or was.options
        if registry is not None:
            options = replace(options, onnx_registry=registry)
        shapes = options.dynamic_shapes if options.dynamic_shapes is not None else was.dynamic_shapes
        self.request = replace(was, options=options, dynamic_shapes=shapes)
        try:
            with _uncollected():
                return compare(before, self.run())
        except BaseException:
            self.request = was
            raise

    def fixes(self, finding: Finding) -> Finding:
        """A finding of the latest run with the fixes that were tried for it. They are tried once in a run.

        Raises LookupError when the latest run has no such finding.
        """
        if self.report is None:
            raise LookupError("nothing was exported yet")
        identity = next(
            (
                key
                for key, known in zip(identities(self.report.findings), self.report.findings, strict=True)
                if known == finding
            ),
            None,
        )
        if identity is None:
            raise LookupError(f"the latest run has no finding {finding.id} like this one")
        if identity not in self._fixed:
            evidence = Evidence(self.request, self.report, self.program, self._registry_file, self._retry)
            self._fixed[identity] = with_fixes(finding, evidence)
        return self._fixed[identity]

    def _is_worn(self) -> bool:
        """Whether a pass after the capture has made numbers of sizes in it, so that it is not what it was."""
        if self.program is None:
            return False
        return next(size_limits.lost(self.program.draft.captured, ""), None) is not None


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: to look through all that a capture holds takes as long as a rerun."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
