"""What the app knows and shows, as one frozen value. Nothing here knows of widgets."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import Any

from onnxdx_diagnostics.finding import Finding
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.graphs import Stage
from onnxdx_tui.workspace.diff_rows import Folding
from onnxdx_tui.workspace.finding_rows import Grouping
from onnxdx_tui.workspace.opened import Opened
from onnxdx_tui.workspace.search import Filter

THEMES = ("textual-dark", "textual-light", "nord", "gruvbox", "solarized-light", "ansi-dark")
"""The themes, in the order in which they follow each other."""


class Pane(enum.Enum):
    """The panes; the values are the keys that lead to them."""

    FINDINGS = "1"
    FIXES = "2"
    MODULES = "3"
    MAIN = "0"


class Tab(enum.Enum):
    """What the main pane shows."""

    DIFF = "Diff"
    GRAPH = "Graph"
    SOURCE = "Source"
    VALUES = "Values"
    LOG = "Log"

    def beside(self, step: int) -> Tab:
        """The tab so many steps to the right."""
        every = list(Tab)
        return every[(every.index(self) + step) % len(every)]


class Phase(enum.Enum):
    """Where a run is. IDLE: nothing runs, and nothing has run in this session. TRYING: the passes are over, and fixes
    are being tried.
    """

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    TRYING = "trying"
    CANCELLING = "cancelling"
    ENDED = "ended"


@dataclass(frozen=True)
class Run:
    """The run under way, or the last one. `step` is the pass, `done` of `passes` are over; times are of time.monotonic.

    `said` is what the strip says of a run that ended, in the style `style`.
    """

    phase: Phase = Phase.IDLE
    number: int = 0
    step: str = ""
    done: int = 0
    started: float = 0.0
    asked: float = 0.0
    place: str = ""
    said: str = ""
    style: str = ""

    @property
    def active(self) -> bool:
        """Whether something runs."""
        return self.phase in (Phase.STARTING, Phase.RUNNING, Phase.TRYING, Phase.CANCELLING)


@dataclass(frozen=True)
class State:
    """Everything that the screen is made of."""

    opened: Opened | None = None
    problem: str = ""
    graphs_pending: bool = False
    target: str = ""
    read_only: bool = False
    pane: Pane = Pane.FINDINGS
    zoomed: bool = False
    narrow: bool = False
    """Whether there is room for one pane only."""

    finding: int | None = None
    way: int = 0
    tab: Tab = Tab.DIFF
    grouping: Grouping = Grouping.SEVERITY
    filters: dict[Pane, Filter] = field(default_factory=dict)
    program: Stage = Stage.CAPTURED
    folding: Folding = field(default_factory=Folding)
    inline: bool | None = None
    node: tuple[Stage, str] | None = None
    hops: int = 2
    frame: int | None = None
    open_modules: frozenset[str] = frozenset({""})
    run: Run = field(default_factory=Run)
    applied: int = 0
    """How many changes of files can be undone."""

    undone: int = 0
    """How many of those that were undone can be done again."""

    watching: bool = False
    loading: str = ""

    def with_(self, **changes: Any) -> State:
        """The state with some fields changed."""
        return replace(self, **changes)

    @property
    def selected(self) -> Finding | None:
        """The selected finding."""
        if self.opened is None or self.finding is None or self.finding >= len(self.opened.report.findings):
            return None
        return self.opened.report.findings[self.finding]

    @property
    def fix(self) -> Fix | None:
        """The selected way out of the selected finding."""
        ways = self.selected.ways() if self.selected else ()
        return ways[self.way] if self.way < len(ways) else None

    def filter(self, pane: Pane) -> Filter:
        """What is filtered for in a pane."""
        return self.filters.get(pane, Filter())
