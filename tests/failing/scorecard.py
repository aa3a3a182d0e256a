"""What the runs of the corpus say: a summary, and the page docs/scorecard.md."""

from __future__ import annotations

import importlib.metadata
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from corpus import Mark
from peer import Answer

from onnxdx_diagnostics import catalog

PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime")
METHOD = """\
A program has its faults marked in its own comments: the line, and the rule that names the fault. Both exporters get the
same model, inputs, dynamic shapes and ONNX functions, with their defaults, each in a fork of one process.

- Recall is the share of the marks that are told, precision the share of what is told that is marked. A mark is a line
  and a rule; the rule says the pass, so that (line, pass, rule) has the same figures. The passes have a table below.
- The peer has no rules, so only its lines are compared. A line is *named* when it is the innermost line of the program
  in any stack of the message (the traceback with all causes, and what is printed), or behind `Caused by:`; it is
  *mentioned* when it stands anywhere in it, such as in a printed graph.
- *Nothing raised* is a program with a fault of which the peer hands out a model.

The corpus is a test suite: a program stays when onnxdx answers it as marked, and where a mark was a matter of taste it
was settled knowing that answer. Our figures show that nothing got worse; they say little about programs that onnxdx has
not seen. The peer has had no such help."""


@dataclass(frozen=True)
class Ours:
    """What onnxdx told: findings by line and rule, how many there are, and how many of them stand in the program."""

    found: frozenset[Mark]
    findings: int
    placed: int
    proven: bool
    seconds: float


@dataclass(frozen=True)
class Row:
    """One program, with both answers."""

    name: str
    topic: str
    fine: bool
    marked: frozenset[Mark]
    ours: Ours
    peer: Answer
    peer_seconds: float

    @property
    def lines(self) -> frozenset[int]:
        """The lines that are to blame."""
        return frozenset(line for line, _ in self.marked)

    @property
    def told(self) -> frozenset[Mark]:
        return self.marked & self.ours.found

    @property
    def told_lines(self) -> frozenset[int]:
        return self.lines & {line for line, _ in self.ours.found}

    @property
    def false(self) -> frozenset[Mark]:
        return self.ours.found - self.marked

    @property
    def complete(self) -> bool:
        return self.told == self.marked

    @property
    def passes(self) -> set[str]:
        """The passes in which the program has a fault."""
        return {catalog.stage(rule) for _, rule in self.marked}

    @property
    def named(self) -> frozenset[int]:
        """The lines to blame that the peer names."""
        return self.lines & frozenset(self.peer.named)

    @property
    def silent(self) -> bool:
        """Whether the peer hands out a model in spite of the fault."""
        return not self.fine and self.peer.outcome == "model"


def summary(rows: Sequence[Row]) -> list[str]:
    """The sentences that the corpus is about."""
    faulty, fine = [row for row in rows if not row.fine], [row for row in rows if row.fine]
    several = [row for row in faulty if len(row.passes) > 1]
    told, marked = _count(faulty, lambda row: row.told), _count(faulty, lambda row: row.marked)
    false = _count(rows, lambda row: row.false)
    findings, placed = sum(row.ours.findings for row in rows), sum(row.ours.placed for row in rows)
    return [
        f"{len(rows)} programs: {len(faulty)} with {marked} marked faults, {len(fine)} that are fine; "
        f"{len(several)} have faults in more than one pass.",
        f"onnxdx: recall {_share(told, marked)}, precision {_share(told, told + false)} of (line, rule) and of "
        "(line, pass, rule).",
        f"onnxdx: {_share(placed, findings)} of the findings stand on a line of the program; "
        f"{_share(sum(row.complete for row in faulty), len(faulty))} of the failing runs list all their faults, "
        f"{_share(sum(row.complete for row in several), len(several))} of those with faults in more than one pass.",
        f"onnxdx: {_count(fine, lambda row: row.false)} findings on fine programs; "
        f"{sum(row.ours.proven for row in fine)} of {len(fine)} are proven.",
        *_of_the_peer(faulty, fine),
        f"Seconds per program: onnxdx {_spread(row.ours.seconds for row in rows)}; "
        f"torch.onnx.export {_spread(row.peer_seconds for row in rows)}.",
    ]


def _of_the_peer(faulty: Sequence[Row], fine: Sequence[Row]) -> list[str]:
    lines, named = _count(faulty, lambda row: row.lines), _count(faulty, lambda row: row.named)
    mentioned = _count(faulty, lambda row: row.lines & set(row.peer.mentioned))
    ours = _count(faulty, lambda row: row.told_lines)
    raised = [row for row in faulty if row.peer.outcome == "raises"]
    return [
        f"Marked lines named: onnxdx {_share(ours, lines)}; torch.onnx.export {_share(named, lines)} "
        f"({_share(mentioned, lines)} mentioned anywhere).",
        "Failing programs of which a marked line is named: "
        f"onnxdx {_share(_any(faulty, lambda row: row.told_lines), len(faulty))}; "
        f"torch.onnx.export {_share(_any(faulty, lambda row: row.named), len(faulty))}.",
        "Failing programs of which all marked lines are named: "
        f"onnxdx {_share(sum(row.told_lines == row.lines for row in faulty), len(faulty))}; "
        f"torch.onnx.export {_share(sum(row.named == row.lines for row in faulty), len(faulty))}.",
        f"Nothing raised by torch.onnx.export: {sum(row.silent for row in faulty)} of {len(faulty)} failing programs; "
        f"it raises on {sum(row.peer.outcome != 'model' for row in fine)} of {len(fine)} fine ones.",
        f"Length of its message: {_median(row.peer.length for row in raised)} lines (median).",
    ]


def page(rows: Sequence[Row]) -> str:
    """docs/scorecard.md: how it was measured, the summary, and the tables by topic, pass and program."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return "\n".join(
        [
            "# Scorecard",
            "",
            "The programs of `tests/failing/`: onnxdx against `torch.onnx.export(dynamo=True)`. Made by",
            "",
            "    python tests/failing/score.py --write docs/scorecard.md",
            "",
            f"with {versions}, Python {platform.python_version()}.",
            "",
            METHOD,
            "",
            "## Summary",
            "",
            *[f"- {sentence}" for sentence in summary(rows)],
            "",
            "## By topic",
            "",
            *_table(
                (
                    "topic",
                    "programs",
                    "marks",
                    "told",
                    "false",
                    "lists all",
                    "peer names a line",
                    "peer raises nothing",
                ),
                _by_topic(rows),
            ),
            "",
            "## By pass",
            "",
            *_table(("pass", "marks", "told", "false"), _by_pass(rows)),
            "",
            "## Programs",
            "",
            "The marked lines that onnxdx and its peer name; what onnxdx misses, and what it tells without a mark; how",
            "the peer's run ends, and how many lines its message has.",
            "",
            *_table(
                ("program", "marks", "onnxdx", "missed", "false", "s", "peer", "ends", "lines", "s"),
                [_of_program(row) for row in rows],
            ),
            "",
        ]
    )


def _by_topic(rows: Sequence[Row]) -> list[list[str]]:
    topics = dict.fromkeys(sorted(row.topic for row in rows))
    return [_of_topic(topic, [row for row in rows if row.topic == topic]) for topic in topics]


def _of_topic(topic: str, rows: Sequence[Row]) -> list[str]:
    fine = topic == "fine"
    return [
        topic,
        str(len(rows)),
        str(_count(rows, lambda row: row.marked)),
        str(_count(rows, lambda row: row.told)),
        str(_count(rows, lambda row: row.false)),
        "-" if fine else str(sum(row.complete for row in rows)),
        "-" if fine else str(_any(rows, lambda row: row.named)),
        "-" if fine else str(sum(row.silent for row in rows)),
    ]


def _by_pass(rows: Sequence[Row]) -> list[list[str]]:
    def of(marks: Iterable[Mark], name: str) -> int:
        return sum(catalog.stage(rule) == name for _, rule in marks)

    counted = {
        name: [sum(of(marks(row), name) for row in rows) for marks in (_marked, _told, _false)]
        for name in dict.fromkeys(catalog.STAGES.values())
    }
    return [[name, *map(str, counts)] for name, counts in counted.items() if any(counts)]


def _of_program(row: Row) -> list[str]:
    return [
        f"`{'fine/' if row.fine else ''}{row.name}`",
        str(len(row.marked)),
        "-" if row.fine else f"{len(row.told_lines)} of {len(row.lines)}",
        _shown(row.marked - row.ours.found),
        _shown(row.false),
        f"{row.ours.seconds:.1f}",
        "-" if row.fine else f"{len(row.named)} of {len(row.lines)}",
        row.peer.outcome,
        str(row.peer.length) if row.peer.outcome == "raises" else "-",
        f"{row.peer_seconds:.1f}",
    ]


def _marked(row: Row) -> frozenset[Mark]:
    return row.marked


def _told(row: Row) -> frozenset[Mark]:
    return row.told


def _false(row: Row) -> frozenset[Mark]:
    return row.false


def _shown(marks: Iterable[Mark]) -> str:
    return ", ".join(f"{rule}:{line}" for line, rule in sorted(marks))


def _count(rows: Iterable[Row], of: Callable[[Row], Iterable[object]]) -> int:
    return sum(len(list(of(row))) for row in rows)


def _any(rows: Iterable[Row], of: Callable[[Row], Iterable[object]]) -> int:
    return sum(any(True for _ in of(row)) for row in rows)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.2f})" if whole else "none"


def _median(values: Iterable[float]) -> str:
    found = list(values)
    return f"{statistics.median(found):.0f}" if found else "-"


def _spread(values: Iterable[float]) -> str:
    found = list(values)
    return f"{statistics.median(found):.1f} (median), {max(found):.1f} at most, {sum(found):.0f} in all"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(columns)} |",
        f"|---|{'---:|' * (len(columns) - 1)}",
        *[f"| {' | '.join(row)} |" for row in rows],
    ]
