"""A message that shows values of a tensor: left out while the model is exported, and said as before when it runs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault

RULES = frozenset({"DX101", "DX102", "DX110"})
_SAYS = re.compile(
    r"^(print|pprint|warnings\.warn|(.*\.)?(debug|info|warning|warn|error|critical|exception|log|write|print))$"
    r"|(^|\.)(add_(scalar|histogram|image|text)|log_\w+|report_\w+)$"
)


def candidates(fault: Fault) -> Iterator[Candidate]:
    """A statement that only calls what prints, logs or warns; or an `if` that does nothing else."""
    statement = fault.statement
    if not isinstance(statement, (cst.SimpleStatementLine, cst.If)) or not _only_says(fault, statement):
        return
    if fault.file.has_long_strings([statement]):
        return
    torch, imports = fault.file.importing("torch")
    text = f"if not {torch}.compiler.is_exporting():\n" + textwrap.indent(fault.file.block_text([statement]), "    ")
    edit = fault.file.replace_statements(statement, statement, text)
    yield Candidate("Leave the message out of the exported graph", (*imports, edit), only_exported=True)


def _only_says(fault: Fault, statement: cst.CSTNode) -> bool:
    if isinstance(statement, cst.SimpleStatementLine):
        return all(
            isinstance(small, cst.Expr)
            and isinstance(small.value, cst.Call)
            and _SAYS.search(fault.file.code(small.value.func)) is not None
            for small in statement.body
        )
    if isinstance(statement, cst.If) and isinstance(statement.body, cst.IndentedBlock):
        return statement.orelse is None and all(_only_says(fault, each) for each in statement.body.body)
    return False
