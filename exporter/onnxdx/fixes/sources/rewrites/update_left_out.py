"""An update of a buffer that the result does not depend on: left out of the graph, and done as before otherwise."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import libcst as cst

from onnxdx.fixes.sources.fault import Candidate, Fault

RULES = frozenset({"DX413", "DX415", "DX115"})


def candidates(fault: Fault) -> Iterator[Candidate]:
    """The statement of the update under `if not torch.compiler.is_exporting()`."""
    statement = fault.statement
    if not isinstance(statement, cst.SimpleStatementLine) or fault.file.has_long_strings([statement]):
        return
    if any(isinstance(small, (cst.Return, cst.Raise)) for small in statement.body):
        return
    torch, imports = fault.file.importing("torch")
    text = f"if not {torch}.compiler.is_exporting():\n" + textwrap.indent(fault.file.block_text([statement]), "    ")
    edit = fault.file.replace_statements(statement, statement, text)
    yield Candidate("Leave the update out of the exported graph", (*imports, edit), needs_verdict=True)
