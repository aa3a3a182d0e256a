"""What goes where: answers alone on standard output, progress on standard error, files whole, also when interrupted."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from onnxdx_diagnostics.events import Event, EventKind
from onnxdx_tui.progress import Progress

NOISY = """
import atexit, os, sys
import torch

print("printed while importing")
atexit.register(print, "printed at exit")

class Net(torch.nn.Module):
    def forward(self, x):
        print("printed in forward")
        os.system("echo printed by a child")
        return torch.relu(x) + 1

def build():
    os.write(1, b"written to the descriptor\\n")
    sys.stdout.write("written without a line end")
    return Net(), (torch.rand(2, 4),)
"""

SLEEPY = """
import pathlib, time

def build():
    pathlib.Path("asleep").touch()
    time.sleep(60)
"""


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_standard_output_is_one_object_whatever_the_model_prints(form: str, project: Path, apart: Callable) -> None:
    (project / "noisy.py").write_text(NOISY)

    done = apart("export", "noisy.py:build", "--format", form)

    assert done.code == 0
    assert json.loads(done.out)["schema" if form == "json" else "version"] in ("onnxdx/1", "2.1.0")
    assert "printed in forward" in done.err
    assert "printed at exit" in done.err


def test_the_object_is_printed_for_a_target_that_fails(project: Path, apart: Callable) -> None:
    (project / "noisy.py").write_text(NOISY + "\ndef bad():\n    raise ValueError('\\udc80 \\x1b[31m')\n")

    done = apart("export", "noisy.py:bad", "--format", "json")

    assert done.code == 1
    answer = json.loads(done.out)
    assert answer["outcome"] == "failed"
    assert [(each["id"], each["location"]["line"]) for each in answer["findings"]] == [("DX703", 20)]


def test_a_clean_export_says_where_the_model_is(project: Path, onnxdx: Callable) -> None:
    done = onnxdx("export", "model.py:build", "-o", "model.onnx")

    assert done.code == 0
    assert "verdict: proven" in done.out
    assert done.out.splitlines()[-1].startswith("wrote model.onnx (")
    assert (project / "model.onnx").stat().st_size > 0


def test_without_an_output_no_file_is_written_and_the_last_line_says_so(project: Path, onnxdx: Callable) -> None:
    before = set(project.iterdir())

    done = onnxdx("export", "model.py:build")

    assert done.code == 0
    assert done.out.splitlines()[-1] == "no model file written; -o FILE writes one"
    assert {path for path in project.iterdir() if path.name != "__pycache__"} == before


def test_annotations_for_github_name_file_and_line(project: Path, onnxdx: Callable) -> None:
    (project / "bad.py").write_text("def build():\n    raise ValueError('no weights')\n")

    done = onnxdx("export", "bad.py:build", "--format", "github")

    assert done.code == 1
    assert done.out.startswith("::error file=bad.py,line=2,")


def test_an_interrupted_run_leaves_what_was_asked_for(project: Path, start: Callable) -> None:
    (project / "sleepy.py").write_text(SLEEPY)
    asked = ["--sarif", "out.sarif", "--run-dir", "run", "--format", "json"]
    listens = partial(signal.signal, signal.SIGINT, signal.default_int_handler)  # a background shell ignores Ctrl-C
    process = start("-m", "onnxdx_tui.cli", "export", "sleepy.py:build", *asked, preexec_fn=listens)
    deadline = time.monotonic() + 60
    while not (project / "asleep").exists() and time.monotonic() < deadline:
        time.sleep(0.05)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert [each["id"] for each in json.loads(out)["findings"]] == ["DX902"]
    assert json.loads((project / "out.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((project / "run" / "run.json").read_text())["outcome"] == "failed"
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["rules"], ["explain", "DX301"], ["export", "gone.py:build"]])
def test_a_reader_that_goes_away_is_no_error(arguments: list[str], apart: Callable) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = apart(*arguments, stdout=writer)

    assert done.code == (2 if "export" in arguments else 0)
    assert "BrokenPipe" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [["rules"], ["explain", "DX301"], ["--help"], ["export", "--help"]])
def test_answers_that_need_no_torch_do_not_import_it(arguments: list[str], start: Callable) -> None:
    program = f"import sys; from onnxdx_tui.cli import run; run({arguments!r}); assert 'torch' not in sys.modules"

    process = start("-c", program)
    out, err = process.communicate()

    assert process.returncode == 0, err
    assert out


def test_colour_is_for_terminals(project: Path, onnxdx: Callable) -> None:
    done = onnxdx("export", "gone.py:build")

    assert "\x1b" not in done.said


def test_a_report_that_was_saved_can_be_explained(project: Path, onnxdx: Callable) -> None:
    (project / "bad.py").write_text("def build():\n    raise ValueError('no weights')\n")
    onnxdx("export", "bad.py:build", "--sarif", "out.sarif", "--run-dir", "run")

    for file in ("out.sarif", "run/run.json"):
        done = onnxdx("explain", file)
        assert done.code == 0
        assert "`build()` raises `ValueError`: no weights." in done.out
        assert "= why: There is no model to export." in done.out


def test_progress_names_slow_steps_only() -> None:
    stream = io.StringIO()

    with Progress(stream) as progress:
        progress(Event(EventKind.PASS_STARTED, "quick", time.time()))
        progress(Event(EventKind.PASS_ENDED, "quick", time.time()))
        progress(Event(EventKind.PASS_STARTED, "slow", time.time()))
        time.sleep(0.6)
        progress(Event(EventKind.PASS_ENDED, "slow", time.time()))

    assert stream.getvalue().startswith("slow … 0.")
    assert stream.getvalue().count("\n") == 1
