"""What can be copied from where one stands, and how it gets to the clipboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from onnxdx_diagnostics.codec import shown_path, shown_text
from onnxdx_diagnostics.finding import Finding
from onnxdx_tui.workspace.line import Line
from onnxdx_tui.workspace.state import State
from onnxdx_tui.workspace.twins import apply_line, fix_line, report_file, repro_line

if TYPE_CHECKING:
    from onnxdx_tui.workspace.app import Workspace


def offers(state: State, current: Line | None) -> list[tuple[str, str]]:
    """What there is to copy: each with its name, the text as it will be on the clipboard."""
    return [(what, text) for what, text in _offers(state, current) if text.strip()]


def _offers(state: State, current: Line | None) -> Iterator[tuple[str, str]]:
    if current is not None:
        yield "row", current.text.rstrip()
    finding = state.selected
    if finding is not None and state.opened is not None:
        root, site = state.opened.report.root, finding.site
        yield "message", shown_text(finding.message(), root)
        yield "node", site.fx_node
        yield "place", f"{shown_path(site.location.path, root)}:{site.location.line}" if site.location else ""
        yield "Markdown", markdown(finding, root)
        yield "stack", stack(finding, root)
        yield "repro command", repro_line(state)
        yield "rule", f"onnxdx explain {finding.id}"
    if state.fix is not None:
        yield "diff", state.fix.diff
        yield "fix command", apply_line(state) if state.fix.edits else fix_line(state)
    if state.target:
        yield "export command", f"onnxdx export {state.target}"
    yield "story command", f"onnxdx explain {report_file(state)}"


def markdown(finding: Finding, root: str) -> str:
    """A finding for an issue or a chat."""
    site = finding.site
    rows = [f"**{finding.id} {finding.name}** ({finding.level.value}): {shown_text(finding.message(), root)}"]
    if site.location:
        rows.append(f"\n`{shown_path(site.location.path, root)}:{site.location.line}`\n")
        rows.append(f"```python\n{site.location.snippet}\n```")
    if site.values:
        rows.append("Values: " + ", ".join(f"`{value}`" for value in site.values))
    rows += [f"- {fix.applicability.value}: {shown_text(fix.title, root)}" for fix in finding.ways()]
    return "\n".join(rows)


def stack(finding: Finding, root: str) -> str:
    """The stack of a finding, as Python writes one."""
    rows = [
        f'  File "{shown_path(frame.location.path, root)}", line {frame.location.line}, in {frame.function}\n'
        f"    {frame.location.snippet.strip()}"
        for frame in finding.site.stack
    ]
    return "\n".join(rows)


def copy(app: Workspace, what: str, text: str) -> None:
    """Put a text on the clipboard of the terminal. Whether the terminal takes it, it does not tell."""
    app.copy_to_clipboard(text)
    app.say(f"{what} sent to the terminal's clipboard ({len(text)} characters)", "good")
