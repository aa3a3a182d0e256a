"""Reports travel: JSON and back, strict schema, damaged files, annotations, run folders."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.annotations import workflow_commands
from onnxdx_diagnostics.atomic import write_bytes
from onnxdx_diagnostics.codec import ReportUnreadable, from_plain
from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_diagnostics.finding import Frame, Location, Site
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Outcome, PassRecord, Report, Trial, Verdict, VerdictOutcome
from onnxdx_diagnostics.rundir import RunDirectory, read_events

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())

numbers = st.integers(1, 9999)
floats = st.floats(allow_nan=False)
seconds = st.floats(0, 1e9)
texts = st.text(max_size=20)


@st.composite
def locations(draw: st.DrawFn) -> Location:
    line = draw(numbers)
    end = line + draw(st.integers(0, 9))
    return Location(draw(texts), line, draw(numbers), end, draw(st.integers(0, 99)), draw(texts))


sites = st.builds(
    Site,
    location=st.none() | locations(),
    stack=st.lists(st.builds(Frame, locations(), texts, st.booleans()), max_size=3).map(tuple),
    module=texts,
    module_class=texts,
    fx_node=texts,
    op=texts,
    values=st.lists(texts, max_size=3).map(tuple),
    occurrences=numbers,
    modules=st.lists(texts, max_size=3).map(tuple),
)
findings = st.builds(catalog.rule("DX301"), sites, texts, st.lists(texts, max_size=3).map(tuple))
trials = st.builds(
    Trial,
    st.dictionaries(texts, numbers, max_size=2),
    st.sampled_from(VerdictOutcome),
    seconds,
    st.just(math.inf),
    texts,
)
reports_strategy = st.builds(
    Report,
    target=texts,
    exported=st.booleans(),
    findings=st.lists(findings, max_size=3).map(tuple),
    passes=st.lists(
        st.builds(
            PassRecord,
            texts,
            st.sampled_from(Outcome),
            seconds,
            st.dictionaries(
                texts, texts | st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=2
            ),
        ),
        max_size=3,
    ).map(tuple),
    verdict=st.builds(Verdict, st.sampled_from(VerdictOutcome), texts, st.lists(trials, max_size=2).map(tuple)),
    environment=st.dictionaries(texts, texts, max_size=2),
    started=texts,
    seconds=seconds,
)


@settings(max_examples=100, deadline=None)
@given(reports_strategy)
def test_report_survives_json(report: Report) -> None:
    again = from_plain(json.loads(report.to_json().encode("utf-8")))

    assert again == report


def test_lone_surrogates_survive_json(tmp_path: Path) -> None:
    report = Report("caf\udce9.py:build", exported=False)

    report.save(tmp_path / "run.json")

    assert Report.load(tmp_path / "run.json") == report


def test_json_follows_its_schema(reports: dict[str, Report], report_name: str) -> None:
    plain = json.loads(reports[report_name].to_json())

    jsonschema.Draft202012Validator(SCHEMA).validate(plain)


def test_schema_allows_nothing_else(reports: dict[str, Report]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    plain = json.loads(reports["unsupported"].to_json())

    for holder in (plain, plain["findings"][0], plain["findings"][0]["location"], plain["passes"][0], plain["verdict"]):
        holder["extra"] = 1
        assert not validator.is_valid(plain)
        del holder["extra"]
    assert validator.is_valid(plain)


def test_paths_are_relative_to_the_root(reports: dict[str, Report]) -> None:
    plain = json.loads(reports["unsupported"].to_json())

    assert [finding["location"]["path"] for finding in plain["findings"]] == ["net.py"] * 3


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "nonsense",
        '{"schema": "onnxdx/2"}',
        '{"schema": "onnxdx/1"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_report_is_unreadable(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(damage)

    with pytest.raises(ReportUnreadable):
        Report.load(path)


def test_missing_report_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ReportUnreadable):
        Report.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "DX000"),
        ("module", 5),
        ("occurrences", "24"),
        ("values", "abc"),
        ("facts", {"operator": ["no text"]}),
        ("facts", {}),
        ("facts", {"operator": "x", "more": 1}),
        ("location", {"path": "x"}),
        ("stack", None),
    ],
)
def test_wrong_types_are_unreadable(reports: dict[str, Report], key: str, value: object) -> None:
    plain = json.loads(reports["unsupported"].to_json())
    plain["findings"][0][key] = value

    with pytest.raises(ReportUnreadable):
        from_plain(plain)


def test_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(b"old")

    with pytest.raises(TypeError):
        write_bytes(path, "not bytes")  # type: ignore[arg-type]

    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["run.json"]


def test_annotations_point_at_the_line(reports: dict[str, Report]) -> None:
    first, *_ = workflow_commands(reports["unsupported"])

    assert first.startswith(
        "::error file=net.py,line=7,col=18,endColumn=32,title=DX301 no-onnx-function::"
        "`mylib.twist` has no ONNX function."
    )


def test_annotations_escape_what_would_end_them(reports: dict[str, Report]) -> None:
    (command,) = workflow_commands(reports["hostile"])

    assert "\n" not in command
    assert "\x1b" not in command
    assert command.count("::") == 2


def test_annotations_say_how_a_fix_is_applied_or_tried(reports: dict[str, Report]) -> None:
    report = reports["unsupported"]
    fix = Fix("Do it", Applicability.PROVEN, edits=(Edit("net.py", 1, 1, 1, 1, "x"),), provider="x")
    fixed = replace(report, target="my net.py:build", findings=(replace(report.findings[0], offered=(fix,)),))

    (command,) = workflow_commands(fixed)
    untried, *_ = workflow_commands(report)

    assert command.endswith("%0AApply it: onnxdx fix 'my net.py:build' --finding DX301@7 --apply")
    assert untried.endswith(f"%0AHave fixes tried: onnxdx fix {report.target} --finding DX301@7")


def test_finding_without_a_line_is_still_annotated(reports: dict[str, Report]) -> None:
    (command,) = workflow_commands(reports["unlocated"])

    assert command.startswith("::error title=DX301 no-onnx-function::")


def test_run_folder_holds_events_report_and_sarif(reports: dict[str, Report], tmp_path: Path) -> None:
    events = (Event(EventKind.PASS_STARTED, "capture", 1.5), Event(EventKind.PASS_ENDED, "capture", 2.5, {"nodes": 3}))

    run = RunDirectory(tmp_path / "runs" / "0001")
    for event in events:
        run.listener(event)
    run.finish(reports["unsupported"])

    assert read_events(run.path) == events
    assert Report.load(run.path / "run.json").target == "net.py:build"
    assert json.loads((run.path / "report.sarif").read_text())["version"] == "2.1.0"
    assert sorted(os.listdir(run.path)) == ["events.ndjson", "report.sarif", "run.json"]


def test_killed_process_leaves_its_events(tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from onnxdx_diagnostics.events import Event, EventKind
        from onnxdx_diagnostics.rundir import RunDirectory

        run = RunDirectory(Path({str(tmp_path)!r}))
        run.listener(Event(EventKind.PASS_STARTED, "capture", 1.0))
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )

    ended = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT / "diagnostics")})

    assert ended.returncode == -signal.SIGKILL
    assert [event.subject for event in read_events(tmp_path)] == ["capture"]


def test_unfinished_last_event_is_left_out(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.listener(Event(EventKind.RUN_STARTED, "net", 1.0))
    with (tmp_path / "events.ndjson").open("ab") as stream:
        stream.write(b'{"kind": "pass-st')

    assert len(read_events(tmp_path)) == 1


def test_package_brings_neither_rich_nor_sarif_om() -> None:
    program = (
        "import sys, onnxdx_diagnostics.report, onnxdx_diagnostics.catalog, onnxdx_diagnostics.source;"
        "print(sorted({'rich', 'sarif_om', 'torch', 'textual'} & set(sys.modules)))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT / "diagnostics")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.strip() == "[]"
