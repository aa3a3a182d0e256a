"""What a report looks like in a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from onnxdx_diagnostics.finding import Finding, Frame, Level, Location, Site
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.render import finding_lines, render_report, render_text, summary_line
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Trial, Verdict, VerdictOutcome

SNIPPET = '\tgröße = torch.fft("日本語", x) + mylib.twist(x)  # a remark that goes on for a while'
START = SNIPPET.index("mylib") + 1
DIFF = "--- a/net.py\n+++ b/net.py\n@@ -7 +7 @@\n-\ty = mylib.twist(x)\n+\ty = x\n"


@dataclass(frozen=True)
class Twisted(Finding):
    """A value is twisted.

    ## What it means
    The value went the wrong way round.

    ## How to fix it
    Turn it back.
    """

    id: ClassVar[str] = "DX399"
    name: ClassVar[str] = "value-twisted"
    level: ClassVar[Level] = Level.ERROR

    what: str

    def message(self) -> str:
        return f"`{self.what}` is twisted the wrong way round, which ONNX cannot say in any of its operators."

    def fixes(self) -> tuple[Fix, ...]:
        edit = Edit("/p/net.py", 7, 2, 7, 20, "y = x")
        return (
            Fix("Leave out the call of `mylib.twist`.", Applicability.PROVEN, "It does nothing here.", DIFF, (edit,)),
            Fix("Turn it back by hand."),
        )


@dataclass(frozen=True)
class Odd(Finding):
    """Something is odd."""

    id: ClassVar[str] = "DX599"
    name: ClassVar[str] = "odd-thing"
    level: ClassVar[Level] = Level.WARNING

    def message(self) -> str:
        return "The dimension `batch` came out static."


def report(*findings: Finding) -> Report:
    passes = (
        PassRecord("capture", Outcome.PASSED, 1.234),
        PassRecord("decompose", Outcome.RECOVERED, 0.1),
        PassRecord("dispatch", Outcome.FAILED, 0.004),
        PassRecord("verify", Outcome.NOT_RUN),
    )
    verdict = Verdict(
        VerdictOutcome.DIFFERS, "output 0 differs", (Trial({"batch": 3}, VerdictOutcome.DIFFERS, 0.25, 0.5, "late"),)
    )
    return Report("net.py:build", not findings, findings, passes, verdict, root="/p")


REPORT = report(
    Twisted(
        Site(
            location=Location("/p/net.py", 7, START, 7, START + len("mylib.twist(x)"), SNIPPET),
            stack=(
                Frame(Location("/p/net.py", 30), "forward"),
                Frame(Location("/usr/lib/torch.py", 1), "_call_impl", user=False),
                Frame(Location("/p/net.py", 7), "forward"),
            ),
            module="layers.0.attn",
            module_class="Attention",
            fx_node="twist_1",
            op="mylib.twist.default",
            values=("x: f32[s0, 4]", "größe: c64[s0, 4]"),
            occurrences=24,
            modules=tuple(f"layers.{number}.attn" for number in range(24)),
        ),
        "mylib.twist",
    ),
    Odd(Site(Location("/p/net.py", 98, 5, 101, 6, "    y = f(\n        a,\n        b,\n    )"), module="head")),
    Odd(Site(Location("/p/net.py", 98))),
    Odd(Site(module_class="Net")),
)


def printed(shown: Report, width: int, *, colour: bool = False) -> str:
    stream = io.StringIO()
    system = "standard" if colour else None
    render_report(shown, Console(file=stream, width=width, force_terminal=colour, color_system=system, _environ={}))
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_report_page(width: int, golden: Callable[[str, str], None]) -> None:
    golden(f"report-{width}.txt", printed(REPORT, width))


def test_colour_page(golden: Callable[[str, str], None]) -> None:
    golden("report-colour.txt", printed(REPORT, 80, colour=True))


def test_error_text_page(golden: Callable[[str, str], None]) -> None:
    golden("error-text.txt", render_text(REPORT))


def test_caret_stands_under_the_call_behind_tabs_and_wide_characters() -> None:
    lines = printed(REPORT, 200).split("\n")
    at = next(index for index, line in enumerate(lines) if "mylib.twist(x)" in line)

    before_call = lines[at][: lines[at].index("mylib")]
    before_caret = lines[at + 1][: lines[at + 1].index("^")]
    assert cell_len(before_call) == cell_len(before_caret)
    assert lines[at + 1].count("^") == len("mylib.twist(x)")


def test_pipe_gets_no_escapes() -> None:
    stream = io.StringIO()

    render_report(REPORT, Console(file=stream, width=80, _environ={}))

    assert "\x1b" not in stream.getvalue()


def test_no_color_is_respected() -> None:
    stream = io.StringIO()

    render_report(REPORT, Console(file=stream, width=80, force_terminal=True, _environ={"NO_COLOR": "1"}))

    assert "\x1b[31m" not in stream.getvalue()
    assert "\x1b[1;31m" not in stream.getvalue()


def test_stream_that_cannot_say_everything_gets_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    render_report(REPORT, Console(file=stream, width=40, _environ={}))
    stream.flush()

    assert b"gr\\xf6\\xdfe" in raw.getvalue()


def test_model_text_is_data() -> None:
    evil = "\x1b[31m[bold]x[/bold]\u202e:smile:\n\r\x9b"
    site = Site(Location("/p/net.py", 1, 1, 1, 5, evil), module=evil, op=evil, values=(evil,))

    page = printed(report(Twisted(site, evil)), 200, colour=True)

    assert "\\x1b[31m[bold]x[/bold]\\u202e:smile:\\n\\r\\x9b" in page
    assert "\u202e" not in page
    assert "\x9b" not in page


def test_summary_counts_by_level() -> None:
    assert summary_line(REPORT) == "failed: net.py:build (1 error, 3 warnings)"
    assert summary_line(report()) == "exported: net.py:build (no findings)"


texts = st.text(st.characters(codec="utf-8") | st.sampled_from("日\t\x1b\u202e…`["), max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    what=texts,
    rows=st.lists(texts.map(lambda text: text.replace("\n", " ")), min_size=1, max_size=12),
    start=st.integers(1, 70),
    length=st.integers(0, 70),
    width=st.sampled_from([24, 40, 80]),
)
def test_no_line_is_wider_than_the_console(what: str, rows: list[str], start: int, length: int, width: int) -> None:
    end_line = 990 + len(rows) - 1
    location = Location(what, 990, start, end_line, start + length, "\n".join(rows))
    finding = Twisted(Site(location, module=what, op=what, values=(what,)), what)

    lines = finding_lines(finding, "", width)

    assert all(cell_len(line.plain) <= width for line in lines)
    assert all(isinstance(line, Text) and "\n" not in line.plain for line in lines)
