"""The command line as tests use it: in this process where that tells the truth, in one of its own elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MODEL = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.relu(x) + 1

def build():
    return Net(), (torch.rand(2, 4),)
"""


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project that is also the working directory."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.fixture
def onnxdx(project: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run a command line in this process, the export as well: torch is imported once for all tests."""
    from onnxdx_tui.cli import run

    def command(*arguments: str) -> Done:
        capfd.readouterr()
        here = ["--no-isolate"] if arguments[0] == "export" else []
        code = run([*arguments, *here])
        return Done(code, *capfd.readouterr())

    return command


@pytest.fixture
def start(project: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a Python process that can import onnxdx; standard output and error are pipes unless said otherwise."""
    paths = os.pathsep.join(str(ROOT / each) for each in ("diagnostics", "exporter", "tui"))
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

    def process(*arguments: str, **said: Any) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": paths}
        return subprocess.Popen([sys.executable, *arguments], text=True, env=environment, **{**streams, **said})

    return process


@pytest.fixture
def apart(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Done]:
    """Run a command line in a process of its own."""

    def command(*arguments: str, **said: Any) -> Done:
        process = start("-m", "onnxdx_tui.cli", *arguments, **said)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    return command
