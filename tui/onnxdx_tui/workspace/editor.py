"""The user's editor at a line: the app steps aside, and comes back as it was."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

if TYPE_CHECKING:
    from onnxdx_diagnostics.changes import Prepared
    from onnxdx_tui.workspace.app import Workspace

_LINE_BY_COLON = {"code": "--goto", "codium": "--goto", "subl": "", "hx": "", "helix": "", "zed": ""}
_WAIT = {"code": "--wait", "codium": "--wait", "subl": "--wait", "zed": "--wait"}


def command(file: Path, line: int) -> list[str]:
    """The command that opens a file at a line in the user's editor."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    name = Path(editor[0]).name
    if name in _LINE_BY_COLON:
        options = [option for option in (_WAIT.get(name, ""), _LINE_BY_COLON[name]) if option]
        return [*editor, *options, f"{file}:{line}"]
    return [*editor, f"+{line}", str(file)]


def edit(app: Workspace) -> None:
    """Open the line of the finding, or of the frame that is shown."""
    state = app.state
    finding = state.selected
    assert finding is not None
    assert state.opened is not None
    place = finding.site.stack[state.frame].location if state.frame is not None else finding.site.location
    file = state.opened.file_of(place.path) if place else None
    if place is None or file is None:
        app.say("Edit: the file is not on this machine", "warning")
        return
    run(app, file, place.line)


def run(app: Workspace, file: Path, line: int) -> None:
    """Open a file at a line."""
    if _opened(app, file, line):
        app.edited()


def _opened(app: Workspace, file: Path, line: int) -> bool:
    """Whether the user's editor was open on a file and ended well; else it is said why not."""
    try:
        with app.suspend():
            code = subprocess.run(command(file, line), check=False).returncode
    except SuspendNotSupported:
        app.say(f"no editor can be opened here: {file}:{line}", "warning")
        return False
    except OSError as error:
        app.say(f"the editor {command(file, line)[0]} cannot be started: {error.strerror}; set $EDITOR", "error")
        return False
    app.refresh(layout=True)
    app.say(f"back from {file.name}" if not code else f"the editor ended with {code}", "" if not code else "warning")
    return not code


def edit_proposal(app: Workspace, ready: Prepared) -> Prepared | None:
    """Let the user change what is about to be written, each file in the editor; None when nothing was changed.

    The files themselves stay as they are: it is copies that are edited.
    """
    from onnxdx_diagnostics.edits import diff_of
    from onnxdx_diagnostics.text_file import decoded

    edited = []
    with tempfile.TemporaryDirectory(prefix="onnxdx-") as folder:
        for change in ready.changes:
            copy = Path(folder) / change.path.name
            copy.write_bytes(change.after or b"")
            if not _opened(app, copy, 1):
                return None
            edited.append(replace(change, after=copy.read_bytes()))
    if tuple(edited) == ready.changes:
        app.say("nothing was changed in the editor")
        return None
    before = {str(each.path): decoded(each.before).text for each in edited if each.before is not None}
    after = {str(each.path): decoded(each.after).text for each in edited if each.after is not None}
    return replace(ready, changes=tuple(edited), diff=diff_of(before, after, str(ready.root)))
