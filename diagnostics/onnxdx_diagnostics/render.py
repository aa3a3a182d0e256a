"""Reports and findings for the terminal: level, message, source line with carets, fixes; never wider than asked."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from onnxdx_diagnostics.codec import shown_path, shown_text
from onnxdx_diagnostics.finding import Finding, Level, Location, Site
from onnxdx_diagnostics.fix import Fix
from onnxdx_diagnostics.report import Outcome, Report, Trial, Verdict, VerdictOutcome
from onnxdx_diagnostics.visible import visible, visible_lines

TEXT_WIDTH = 100

LEVEL_STYLES = {Level.ERROR: "bold red", Level.WARNING: "bold yellow", Level.NOTE: "bold cyan"}
_OUTCOME_STYLES = {
    Outcome.PASSED: "green",
    Outcome.RECOVERED: "yellow",
    Outcome.FAILED: "red",
    Outcome.NOT_RUN: "dim",
}
_VERDICT_STYLES = {VerdictOutcome.PROVEN: "green", VerdictOutcome.DIFFERS: "red", VerdictOutcome.NOT_RUN: "yellow"}
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_GUTTER = "blue"
_TAB = 4
_MOST_LINES = 8
_PLAIN_SIGNS = str.maketrans({"…": "...", "·": "-"})

# Text.wrap asks for a console, but looks at it only to justify.
_UNUSED = Console(file=io.StringIO(), width=TEXT_WIDTH, color_system=None, _environ={})


def render_report(report: Report, console: Console) -> None:
    """Print every finding, then how the passes went, the verdict and the outcome. `story.py` has the long form."""
    for finding in report.findings:
        show([*finding_lines(finding, report.root, console.width), Text()], console)
    show(footer(report, console.width), console)


def render_text(report: Report) -> str:
    """The short form as plain text, 100 columns wide: what an ExportError says."""
    lines: list[Text] = []
    for finding in report.findings:
        lines += [*finding_lines(finding, report.root, TEXT_WIDTH), Text()]
    return "\n".join(line.plain for line in [*lines, *footer(report, TEXT_WIDTH)])


def summary_line(report: Report) -> str:
    """Outcome, target and counts in one line: "failed: net.py:build (2 errors, 1 warning)"."""
    outcome = "exported" if report.exported else "failed"
    return f"{outcome}: {visible(report.target) or 'the model'} ({_counts(report)})"


def show(lines: Iterable[Text], console: Console) -> None:
    """Print lines that are already as wide as they may be, in what the console's encoding can say."""
    for line in lines:
        console.print(_encodable(line, console.encoding), soft_wrap=True, highlight=False)


def finding_lines(finding: Finding, root: str, width: int) -> list[Text]:
    """One finding in short, as lines of at most `width` cells."""
    lines = headline(finding, root, width)
    site = finding.site
    if site.location:
        lines += place_lines(site.location, root, width)
        lines += snippet_lines(site.location, width, LEVEL_STYLES[finding.level])
    pad = gutter(site)
    for name, text in _details(finding):
        lines += detail(name, text, pad, width)
    for number, fix in enumerate(finding.ways()):
        lines += detail(fix_label(fix), marked(shown_text(fix.title, root)), pad, width)
        lines += tried_lines(fix, root, pad, width)
        if number == 0:
            lines += diff_lines(fix.diff, pad, width)
    return lines


def headline(finding: Finding, root: str, width: int) -> list[Text]:
    """Level, id, name and message."""
    lead = f"{finding.level.value}[{finding.id}] {finding.name}"
    head = Text.assemble((lead, LEVEL_STYLES[finding.level]), ": ", marked(shown_text(finding.message(), root)))
    head.stylize("bold")
    return wrapped(head, width, rest="  ")


def place_lines(location: Location, root: str, width: int, function: str = "") -> list[Text]:
    """The arrow line: `--> path:line:column`, and in which function."""
    pad = " " * _digits(location)
    place = f"{visible(shown_path(location.path, root))}:{location.line}:{location.column}"
    place += f" in {visible(function)}" if function else ""
    return wrapped(Text(place), width, first=f"{pad}--> ", rest=f"{pad}    ", prefix_style=_GUTTER)


def snippet_lines(location: Location, width: int, style: str, below: Sequence[str] = ()) -> list[Text]:
    """The lines of the region behind a gutter, with carets under the region; clipped with … to `width`.

    What is `below` stands under the last carets, as far to the left as it needs to fit.
    """
    if not location.snippet:
        return []
    digits = _digits(location)
    rows = [_Row(text) for text in location.snippet.split("\n")]
    regions = [_caret(location, index, row) for index, row in enumerate(rows)]
    room = max(width - digits - 3, 4)
    shift = _shift(rows, regions[0], room)
    margin, start = Text(" " * digits + " | ", _GUTTER), 0
    lines = [Text(" " * digits + " |", _GUTTER)]
    for index in _shown_rows(len(rows)):
        if index is None:
            lines.append(Text(" " * digits + " | …", _GUTTER))
            continue
        text, offset = rows[index].clipped(shift, room)
        lines.append(Text.assemble((f"{location.line + index:>{digits}} | ", _GUTTER), text))
        start, end = (min(max(cell - offset, 0), room) for cell in regions[index])
        if start < end:
            lines.append(Text.assemble(margin, " " * start, ("^" * (end - start), style)))
    for note in map(visible, below):
        indent = " " * max(min(start, room - cell_len(note)), 0)
        lines += wrapped(Text(note), width, first=f"{margin.plain}{indent}", rest=margin.plain, prefix_style=_GUTTER)
    for line in lines:
        line.rstrip()
    return lines


def fix_label(fix: Fix) -> str:
    """The name of a fix and how sure it is."""
    return f"fix ({fix.applicability.value})"


def tried_lines(fix: Fix, root: str, pad: int, width: int) -> list[Text]:
    """What was tried before a fix was offered, and what was not."""
    told = [
        marked(shown_text(said, root)) for said in (fix.proof, fix.unproven and f"Not proven: {fix.unproven}") if said
    ]
    return [line for text in told for line in wrapped(text, width, first=" " * (pad + 3), rest=" " * (pad + 3))]


def diff_lines(diff: str, pad: int, width: int) -> list[Text]:
    """The lines of a unified diff, clipped to `width`."""
    indent = " " * (pad + 3)
    return [_diff_line(row, indent, width) for row in visible_lines(diff)] if diff else []


def wrapped(text: Text, width: int, *, first: str = "", rest: str = "", prefix_style: str = "") -> list[Text]:
    """`text` in lines of at most `width` cells, `first` before the first of them and `rest` before the others."""
    whole = Text.assemble((first, prefix_style), text)
    if whole.cell_len <= width and "\n" not in whole.plain:
        whole.rstrip()
        return [whole]
    lines = whole.wrap(_UNUSED, max(width - cell_len(rest), 8), overflow="fold")
    joined = [line if number == 0 else Text.assemble(rest, line) for number, line in enumerate(lines)]
    for line in joined:
        line.rstrip()
    return joined


def marked(text: str) -> Text:
    """`text` made visible, with what stands in backticks set apart. No other markup is read from it."""
    shown = Text(visible(text))
    shown.highlight_regex(r"`[^`]+`", "cyan")
    return shown


class _Row:
    """One line of source as it is shown: tabs expanded, acting characters escaped, wide characters two cells."""

    def __init__(self, text: str) -> None:
        self.text = text.rstrip()
        self.pieces: list[str] = []
        self.cells = [0]
        for character in self.text:
            cell = self.cells[-1]
            piece = " " * (_TAB - cell % _TAB) if character == "\t" else visible(character)
            self.pieces.append(piece)
            self.cells.append(cell + cell_len(piece))

    @property
    def indent(self) -> int:
        """Cells before the first character that shows."""
        return self.cells[len(self.text) - len(self.text.lstrip())]

    def clipped(self, shift: int, room: int) -> tuple[str, int]:
        """What fits `room` cells from cell `shift` on, and how many cells to the right of its true place it starts."""
        first = next((index for index, cell in enumerate(self.cells) if cell >= shift), len(self.pieces))
        left = "…" if self.cells[first] > self.indent else ""
        offset = self.cells[first] - len(left)
        if self.cells[-1] - offset <= room:
            return left + "".join(self.pieces[first:]), offset
        last = first
        while last < len(self.pieces) and self.cells[last + 1] - offset < room:
            last += 1
        return left + "".join(self.pieces[first:last]) + "…", offset


def _shift(rows: list[_Row], region: tuple[int, int], room: int) -> int:
    """The cell that the shown lines start at: 0 when they fit, else past the indent, else near the region."""
    if all(row.cells[-1] <= room for row in rows):
        return 0
    indent = min(row.indent for row in rows if row.text)
    start, end = region
    if end - indent < room:
        return indent
    return max(indent, min(start - room // 4, end - room + 2))


def _caret(location: Location, index: int, row: _Row) -> tuple[int, int]:
    """First and last-plus-one cell of the region on its line number `index`."""
    first_text = len(row.text) - len(row.text.lstrip())
    start, end = first_text, len(row.text)
    if index == 0 and location.column > 1:
        start = location.column - 1
    if index == location.end_line - location.line and location.end_column:
        end = location.end_column - 1
    elif index == 0 and location.end_line == location.line and location.column > 1:
        end = start + 1
    start, end = min(start, len(row.text)), min(end, len(row.text))
    if start >= end and index == 0:
        return row.cells[start], row.cells[start] + 1
    return row.cells[start], row.cells[max(start, end)]


def _shown_rows(count: int) -> Iterator[int | None]:
    """Which lines of a region to show; None stands for those between."""
    if count <= _MOST_LINES:
        yield from range(count)
        return
    yield from range(_MOST_LINES - 2)
    yield None
    yield count - 1


def gutter(site: Site) -> int:
    """How far the details of a finding are indented: by the width of its line numbers."""
    return _digits(site.location) if site.location else 1


def _digits(location: Location) -> int:
    return len(str(location.end_line))


def _details(finding: Finding) -> Iterator[tuple[str, Text]]:
    site = finding.site
    module = module_text(site)
    if module:
        yield "module", Text(module)
    if site.op:
        yield "op", Text(visible(site.op))
    if site.values:
        yield "values", Text(", ".join(map(visible, site.values)))


def module_text(site: Site) -> str:
    """Where in the module tree: path, class, and how often with which modules."""
    modules = [visible(module) for module in site.modules]
    path = visible(site.module)
    shown_class = f" ({visible(site.module_class)})" if site.module_class else ""
    if site.occurrences == 1:
        return f"{path}{shown_class}" if path else visible(site.module_class)
    if len(modules) > 1:
        spread = ", ".join(modules) if len(modules) <= 3 else f"{modules[0]} … {modules[-1]}"
        return f"{site.occurrences} times, {spread}{shown_class}"
    return f"{site.occurrences} times" + (f", {path}{shown_class}" if path else "")


def detail(name: str, text: Text, pad: int, width: int) -> list[Text]:
    """A line of a finding behind its gutter: ` = name: text`."""
    indent = " " * pad
    return wrapped(text, width, first=f"{indent} = {name}: ", rest=f"{indent}   ", prefix_style=_GUTTER)


def _diff_line(row: str, indent: str, width: int) -> Text:
    text, _ = _Row(row).clipped(0, max(width - len(indent), 4))
    return Text.assemble(indent, (text, _DIFF_STYLES.get(row[:1], "")))


def footer(report: Report, width: int) -> list[Text]:
    """The last lines of every report: the passes, the registry files, the verdict, the outcome."""
    lines = [] if not report.passes else wrapped(_pass_strip(report), width, rest="  ")
    for record in report.passes:
        if "registry" in record.facts:
            lines += wrapped(marked(f"registry: {record.facts['registry']}"), width, rest="  ")
    lines += _verdict_lines(report.verdict, width)
    style = "bold green" if report.exported else "bold red"
    outcome, _, rest = summary_line(report).partition(":")
    return lines + wrapped(Text.assemble((outcome, style), f":{rest}"), width, rest="  ")


def _pass_strip(report: Report) -> Text:
    strip = Text()
    for record in report.passes:
        strip.append(" · " if strip else "")
        strip.append(f"{visible(record.name)} ")
        strip.append(record.outcome.value.replace("-", " "), _OUTCOME_STYLES[record.outcome])
        if record.outcome is not Outcome.NOT_RUN:
            strip.append(f" {record.seconds:.2f} s")
    return strip


def _verdict_lines(verdict: Verdict, width: int) -> list[Text]:
    text = Text.assemble("verdict: ", (verdict.outcome.value.replace("-", " "), _VERDICT_STYLES[verdict.outcome]))
    if verdict.trials and verdict.outcome is VerdictOutcome.PROVEN:
        largest = max(trial.max_abs for trial in verdict.trials)
        inputs = _plural(len(verdict.trials), "input")
        text.append(f" on {inputs}, largest difference {largest:.2g}")
    if verdict.reason:
        text.append(f": {visible(verdict.reason)}")
    lines = wrapped(text, width, rest="  ")
    for trial in verdict.trials:
        if trial.outcome is not VerdictOutcome.PROVEN:
            lines += wrapped(Text(_trial(trial, verdict.reason)), width, first="  ", rest="    ")
    return lines


def _trial(trial: Trial, said_already: str) -> str:
    sizes = ", ".join(f"{visible(name)}={size}" for name, size in trial.sizes.items()) or "the given inputs"
    said = f"{sizes}: {trial.outcome.value.replace('-', ' ')}"
    if trial.outcome is VerdictOutcome.DIFFERS:
        said += f" by {trial.max_abs:.2g} (relative {trial.max_rel:.2g})"
    return f"{said}: {visible(trial.reason)}" if trial.reason not in ("", said_already) else said


def _counts(report: Report) -> str:
    counts = [(report.count(level), level.value) for level in reversed(Level)]
    return ", ".join(_plural(count, name) for count, name in counts if count) or "no findings"


def _plural(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _encodable(line: Text, encoding: str) -> Text:
    try:
        line.plain.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        plain = line.plain.translate(_PLAIN_SIGNS)
        return Text(plain.encode(encoding, "backslashreplace").decode(encoding))
    return line
