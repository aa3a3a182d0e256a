"""User code that hangs, crashes, exits or wrecks its process: the report comes out, on the user's line, and whole."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these programs are about signals")

HEAD = """
import ctypes, os, resource, signal, subprocess, sys, time
import torch

class Net(torch.nn.Module):
    def __init__(self, act=None):
        super().__init__()
        self.act = act

    def forward(self, x):
        if self.act is not None:
            self.act()
        return torch.relu(x) + 1
"""

BUILDS = {
    "hangs": (["--timeout", "1"], "DX801", "The time limit of 1 s ends `load target`", "while True: pass  # here"),
    "hangs in C": (["--timeout", "1"], "DX801", "`load target`", "ctypes.PyDLL(None).sleep(60)  # here"),
    "aborts": ([], "DX802", "ends by SIGABRT", "os.abort()  # here"),
    "is killed": ([], "DX802", "memory runs out", "time.sleep(1.5); os.kill(os.getpid(), signal.SIGKILL)  # here"),
    "exhausts memory": ([], "DX703", "raises `MemoryError`", "bytearray(2**36)  # here"),
}
FORWARDS = {
    "crashes": ([], "DX802", "ends by SIGSEGV (segmentation fault) during `capture`", "ctypes.string_at(0)  # here"),
    "exits at once": ([], "DX802", "ends by exit status 7 during `capture`", "os._exit(7)  # here"),
    "waits for ever": (["--timeout", "4"], "DX801", "ends `capture`", "time.sleep(60)  # here"),
}

CRASHES_LATE = """
import os
import torch
from onnxdx.registry import OnnxRegistry
from onnxdx.target import ExportTarget

for name in ("first", "second", "third"):
    torch.library.custom_op(f"late::{name}", mutates_args=(), schema="(Tensor x) -> Tensor")(torch.clone)
    torch.library.register_fake(f"late::{name}")(torch.empty_like)

def third(x):
    os._exit(3)  # expect: DX802

class Net(torch.nn.Module):
    def forward(self, x):
        x = torch.ops.late.first(x)  # expect: DX301
        x = torch.ops.late.second(x)  # expect: DX301
        return torch.ops.late.third(x)

def build():
    return ExportTarget(Net(), (torch.rand(2),), registry=OnnxRegistry().with_op("late::third", third))
"""

WRECKS = """
import gc, json, os, sys, threading, time
import torch

print(b"\\xff\\x00\\x1b".decode("latin-1"))
gc.disable()

class Net(torch.nn.Module):
    def forward(self, x):
        os.chdir("/")
        return torch.relu(x) + 1

def build():
    model, inputs = Net(), (torch.rand(2, 4),)
    threading.Thread(target=time.sleep, args=(1,)).start()
    json.dumps = json.dump = os.write = None
    time.time = lambda: 0.0
    os.close(1)
    return model, inputs
"""

STAYS = """
import os, pathlib, signal, subprocess, time

def build():
    child = subprocess.Popen(["sleep", "100"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pathlib.Path("pids.part").write_text(f"{os.getpid()} {child.pid}")
    os.rename("pids.part", "pids")
    time.sleep(100)
"""


def findings(project: Path) -> list[tuple[str, int]]:
    found = json.loads((project / "run" / "run.json").read_text())["findings"]
    return [(each["id"], each["location"]["line"]) for each in found]


def line_of(text: str, mark: str = "# here") -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if mark in line)


def until(happened: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.05)
    return happened()


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("name", BUILDS)
def test_a_target_that_wrecks_its_process_is_a_finding(name: str, project: Path, apart: Callable) -> None:
    options, rule, message, code = BUILDS[name]
    limit = "resource.setrlimit(resource.RLIMIT_AS, (2**35, 2**35))"
    text = f"{HEAD}\ndef build():\n    {limit}\n    {code}\n    return Net(), (torch.rand(2, 4),)\n"
    (project / "bad.py").write_text(text)

    done = apart("export", "bad.py:build", "--run-dir", "run", "--sarif", "out.sarif", *options)

    assert done.code == 1
    assert message in " ".join(done.out.split())
    assert findings(project) == [(rule, line_of(text))]
    log = json.loads((project / "out.sarif").read_text())["runs"][0]
    assert log["invocations"][0]["executionSuccessful"] is True
    assert "Traceback" not in done.said


@pytest.mark.parametrize("name", FORWARDS)
def test_a_model_that_wrecks_its_process_is_a_finding(name: str, project: Path, apart: Callable) -> None:
    options, rule, message, code = FORWARDS[name]
    text = f"{HEAD}\ndef act():\n    {code}\n\ndef build():\n    return Net(act), (torch.rand(2, 4),)\n"
    (project / "bad.py").write_text(text)
    (project / "model.onnx").write_text("of an earlier run")

    done = apart("export", "bad.py:build", "--run-dir", "run", "-o", "model.onnx", *options)

    assert done.code == 1
    assert message in " ".join(done.out.split())
    assert findings(project) == [(rule, line_of(text))]
    assert (project / "model.onnx").read_text() == "of an earlier run"
    assert done.out.splitlines()[-1] == "no model file written"


def test_what_was_found_before_a_crash_is_kept(project: Path, apart: Callable) -> None:
    (project / "late.py").write_text(CRASHES_LATE)

    done = apart("export", "late.py:build", "--run-dir", "run", "--format", "json")

    marked = [(r, n) for n, row in enumerate(CRASHES_LATE.splitlines(), 1) for r in ("DX301", "DX802") if r in row]
    assert done.code == 1
    assert sorted(findings(project)) == sorted(marked)
    report = json.loads(done.out)
    assert report["passes"][-1]["name"] == "translate"
    assert report["passes"][-1]["outcome"] == "failed"
    assert report["verdict"] == {"outcome": "not-run", "reason": "the process ended during `translate`", "trials": []}


@pytest.mark.parametrize("cache", ["", "cache"])
def test_a_model_exports_whatever_its_file_does_to_the_process(
    cache: str, project: Path, apart: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a cache folder of its own torch asks later where temporary files go, with what is left of `os`."""
    (project / "wrecks.py").write_text(WRECKS)
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    if cache:
        monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(project / cache))

    done = apart("export", "wrecks.py:build", "-o", "out.onnx", "--run-dir", "run", "--format", "json")

    assert done.code == 0, done.said
    assert json.loads(done.out)["verdict"]["outcome"] == "proven"
    assert (project / "out.onnx").stat().st_size > 0
    assert (project / "run" / "graphs.json").stat().st_size > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running_when_the_command_is_ended(number: int, project: Path, start: Callable) -> None:
    (project / "stays.py").write_text(STAYS)
    process = start("-m", "onnxdx_tui.cli", "export", "stays.py:build", "--format", "json", stdin=-3)
    assert until((project / "pids").exists)
    worker, child = map(int, (project / "pids").read_text().split())

    process.send_signal(number)
    out, _ = process.communicate(timeout=60)

    assert until(lambda: not lives(worker) and not lives(child), 10)
    if number == signal.SIGTERM:
        assert process.returncode == 130
        assert [each["id"] for each in json.loads(out)["findings"]] == ["DX902"]


def test_a_debugger_has_the_terminal_and_its_time(project: Path, start: Callable) -> None:
    import pty

    text = f"{HEAD}\ndef build():\n    breakpoint()\n    return Net(), (torch.rand(2, 4),)\n"
    (project / "debugged.py").write_text(text)
    ours, theirs = pty.openpty()
    # The terminal is the controlling one of a session of its own, as in a shell.
    owns = partial(_own_terminal, theirs)
    process = start(
        "-m", "onnxdx_tui.cli", "export", "debugged.py:build", "--timeout", "2", stdin=theirs, preexec_fn=owns
    )
    os.close(theirs)
    shown = ""
    while "(Pdb)" not in shown:
        shown += process.stdout.read(1)

    time.sleep(3)
    os.write(ours, b"p 40 + 2\nc\n")
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "42" in out
    assert "verdict: proven" in out


def _own_terminal(descriptor: int) -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)


def test_a_time_limit_needs_a_process_that_can_be_ended(onnxdx: Callable) -> None:
    done = onnxdx("export", "model.py:build", "--timeout", "5")

    assert done.code == 2
    assert "does not go with --no-isolate" in done.err


def test_both_ways_to_run_give_the_same_report(project: Path, onnxdx: Callable, apart: Callable) -> None:
    (project / "late.py").write_text(CRASHES_LATE.replace("os._exit(3)", "raise ValueError('late')"))
    (project / "pyproject.toml").write_text("[tool.onnxdx]\ntimeout = 0\n")

    onnxdx("export", "late.py:build", "--run-dir", "here")
    apart("export", "late.py:build", "--run-dir", "there")

    here, there = (json.loads((project / place / "run.json").read_text()) for place in ("here", "there"))
    assert len(here["findings"]) == 3
    assert here["findings"] == there["findings"]
    assert here["verdict"] == there["verdict"]
    assert [each["outcome"] for each in here["passes"]] == [each["outcome"] for each in there["passes"]]
