"""How one looked at a target, from one time to the next: theme, grouping, folding, tab, and the selected finding."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path

from onnxdx_diagnostics.atomic import write_text
from onnxdx_diagnostics.graphs import Stage
from onnxdx_tui.workspace.finding_rows import Grouping
from onnxdx_tui.workspace.kept_runs import FOLDER
from onnxdx_tui.workspace.state import THEMES, State, Tab

_FILE = FOLDER / "tui.json"
_MOST = 50


@dataclass(frozen=True)
class Remembered:
    """What is remembered of one target; `finding` is the identity of the finding that was selected."""

    theme: str = ""
    grouping: str = Grouping.SEVERITY.value
    tab: str = Tab.DIFF.value
    program: str = Stage.CAPTURED.value
    context: int = 3
    finding: str = ""

    def restored(self, state: State) -> State:
        """A state that looks as it did."""
        return state.with_(
            grouping=Grouping(self.grouping),
            tab=Tab(self.tab),
            program=Stage(self.program),
            folding=replace(state.folding, context=self.context),
        )


def remember(root: Path, target: str, what: Remembered) -> None:
    """Keep what is known of a target, where the project has a place for it. Raises OSError."""
    if (root / FOLDER).is_dir():
        known = {name: plain for name, plain in _all(root).items() if name != target}
        plain = {each.name: getattr(what, each.name) for each in fields(Remembered)}
        kept = dict(list(known.items())[-_MOST:])
        write_text(root / _FILE, json.dumps({**kept, target: plain}))


def recalled(root: Path, target: str) -> Remembered:
    """What was kept of a target. A file that is damaged, or of another version, is as good as none."""
    plain = _all(root).get(target)
    if not isinstance(plain, dict):
        return Remembered()
    try:
        found = Remembered(**plain)
        Grouping(found.grouping), Tab(found.tab), Stage(found.program)
    except (TypeError, ValueError):
        return Remembered()
    fits = isinstance(found.context, int) and 0 <= found.context <= 1000 and isinstance(found.finding, str)
    return found if fits and found.theme in ("", *THEMES) else Remembered()


def _all(root: Path) -> dict[str, object]:
    try:
        plain = json.loads((root / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return plain if isinstance(plain, dict) else {}
