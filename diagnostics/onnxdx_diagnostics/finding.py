"""Findings: what a pass has to say about the user's model, as frozen values.

A rule is a subclass of `Finding` in `rules/`: its fields are the facts, its docstring is the documentation,
`message()` is the one sentence. Everything a user reads is a projection of these values.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from onnxdx_diagnostics.fix import Applicability, Fix


class Level(enum.Enum):
    """Severity of a finding; the values are those of SARIF 2.1.0, 3.27.10."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Position in the order note < warning < error."""
        return list(Level).index(self)


@dataclass(frozen=True)
class Location:
    """A region of one source file. Lines and columns are 1-based; columns count Unicode code points.

    `end_column` is the column after the last character (SARIF 3.30.8). `snippet` is the text of the lines
    `line..end_line` as they were when the finding was made, so that a report opens where the file does not exist.
    """

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    snippet: str = ""

    def __post_init__(self) -> None:
        if self.end_line < self.line:
            object.__setattr__(self, "end_line", self.line)


@dataclass(frozen=True)
class Frame:
    """One frame of a Python stack. `user` is false for torch, the standard library and installed packages."""

    location: Location
    function: str
    user: bool = True


@dataclass(frozen=True)
class Site:
    """Where a finding happened: in the source, in the module tree and in the graph.

    `location` is the innermost line of the user's own code (None only when no source line is known at all);
    `stack` runs from the outermost frame to the innermost. `values` describe the tensors at the site
    ("x: f32[s0, 4]"). When equal faults are collapsed, `occurrences` counts them and `modules` names where. `stand_in`
    says how the graph was made in which the fault was found, when the graph that was asked for could not be captured.
    """

    location: Location | None = None
    stack: tuple[Frame, ...] = ()
    module: str = ""
    module_class: str = ""
    fx_node: str = ""
    op: str = ""
    values: tuple[str, ...] = ()
    occurrences: int = 1
    modules: tuple[str, ...] = ()
    stand_in: str = ""


Fact = str | int | float | bool | None | tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """Base of all rules. Subclasses set `id`, `name` and `level`, add their facts as fields, and say `message()`.

    Facts are plain (`str | int | float | bool | None | tuple[str, ...]`), so that a report loads anywhere. `offered`
    are the fixes that were tried on the run which the finding is of, best first.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    level: ClassVar[Level]
    EXAMPLE: ClassVar[str] = ""

    site: Site
    offered: tuple[Fix, ...] = field(default=(), kw_only=True, compare=False)

    def message(self) -> str:
        """One sentence, present tense, in the user's own names. Equal faults give equal messages."""
        raise NotImplementedError(f"{type(self).__name__} has no message()")

    def fixes(self) -> tuple[Fix, ...]:
        """What the rule itself knows that the user can do, best first."""
        return ()

    def ways(self) -> tuple[Fix, ...]:
        """All that the user can do, best first: what was tried, and what the rule says when none of it is proven."""
        proven = any(fix.applicability is Applicability.PROVEN for fix in self.offered)
        return self.offered if proven else (*self.offered, *self.fixes())

    @classmethod
    def fact_names(cls) -> tuple[str, ...]:
        """The names of the rule's own fields."""
        return tuple(each.name for each in fields(cls) if each.name not in ("site", "offered"))

    def facts(self) -> dict[str, Any]:
        """The rule's own fields, by name."""
        return {name: getattr(self, name) for name in self.fact_names()}

    @property
    def fault(self) -> tuple[object, ...]:
        """The identity under which equal faults of one run collapse into one finding."""
        where = self.site.location
        place = (where.path, where.line, where.column) if where else (self.site.module, self.site.fx_node)
        return (self.id, place, self.message())
