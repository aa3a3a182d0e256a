"""A module or function as it was before TorchScript, which torch.export cannot see into."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault
from onnxdx.fixes.sources.source_file import SourceFile
from onnxdx_diagnostics.fix import Edit

RULES = frozenset({"DX114", "DX101", "DX102", "DX110"})
TITLE = "Use it as it was before TorchScript"


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The calls of `torch.jit.script` of the module in question, or all of the file; and its decorators."""
    paths = dict.fromkeys(frame.location.path for frame in fault.finding.site.stack if frame.user)
    for path in dict.fromkeys((fault.file.path, *paths)):
        file = fault.other_file(path)
        edits = list(_edits(file)) if file is not None else []
        if edits and (fault.finding.id == "DX114" or _is_inside(fault)):
            yield Candidate(TITLE, tuple(edits), cost=1 if fault.finding.id == "DX114" else 4)


def _edits(file: SourceFile) -> Iterator[Edit]:
    for call in file.nodes(cst.Call):
        if _is_script(file, call.func) and call.args:
            yield file.replace(call, file.code(call.args[0].value))
    for decorator in file.nodes(cst.Decorator):
        if _is_script(file, decorator.decorator):
            line = file.range(decorator).start.line
            yield Edit(file.path, line, 1, line + 1, 1, "")


def _is_script(file: SourceFile, node: cst.BaseExpression) -> bool:
    return file.code(node) in ("torch.jit.script", "jit.script", "torch.jit.script_method", "jit.script_method")


def _is_inside(fault: Fault) -> bool:
    """Whether the finding stands in a function that is scripted."""
    function = fault.file.around(fault.node, cst.FunctionDef) if fault.node is not None else None
    decorators = function.decorators if function is not None else ()
    return any(_is_script(fault.file, decorator.decorator) for decorator in decorators)
