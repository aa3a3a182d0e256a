"""The whole story in a real terminal, as somebody at the keyboard has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join(str(ROOT / each) for each in ("diagnostics", "exporter", "tui"))
MODEL = """
import torch

@torch.library.custom_op("mylib::twist", mutates_args=())
def twist(x: torch.Tensor) -> torch.Tensor:
    return torch.sin(x) * 2 + x.abs()

@twist.register_fake
def _(x):
    return torch.empty_like(x)

class Net(torch.nn.Module):
    def forward(self, x):
        return twist(x) + 1

def build():
    return Net(), (torch.randn(3, 4),)
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")]


class Tmux:
    """A shell in a terminal of tmux, on a server of its own."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self._socket = str(folder / "tmux.socket")
        columns, rows = map(str, size)
        environment = {**os.environ, "PYTHONPATH": PATHS, "TERM": "xterm-256color", "PS1": "$ ", "EDITOR": "true"}
        own = ("TMUX", "COLUMNS", "LINES")  # a test runner may say how wide *its* screen is
        self._environment = {name: value for name, value in environment.items() if not name.startswith(own)}
        start = ("new-session", "-d", "-x", columns, "-y", rows, "-c", str(folder), "sh -i")
        self._tmux("-f", os.devnull, *start)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self._environment).stdout

    def type(self, *keys: str) -> None:
        """Press keys, as tmux names them."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p")

    def until(self, text: str, seconds: float = 180.0) -> str:
        """Wait until this is on the screen; the whole screen."""
        end = time.monotonic() + seconds
        while text not in (seen := self.screen()):
            assert time.monotonic() < end, f"{text!r} does not come:\n{seen}"
            time.sleep(0.1)
        return seen

    def gone(self, text: str, seconds: float = 30.0) -> None:
        """Wait until this is no longer on the screen."""
        end = time.monotonic() + seconds
        while text in (seen := self.screen()):
            assert time.monotonic() < end, f"{text!r} does not go:\n{seen}"
            time.sleep(0.1)

    def command(self, line: str) -> None:
        """Type a command line."""
        self.type("-l", line)
        self.type("Enter")

    def settings(self) -> str:
        """How the terminal is set, as `stty -a` tells it."""
        self.type("clear; stty -a; echo set-is-told", "Enter")
        shown = self.until("\nset-is-told")
        return shown[shown.index("speed ") : shown.index("\nset-is-told")]

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[[tuple[int, int]], Tmux]]:
    """Opens terminals in a project."""
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "net.py").write_text(MODEL)
    opened: list[Tmux] = []

    def open_terminal(size: tuple[int, int] = (120, 36)) -> Tmux:
        opened.append(Tmux(tmp_path, size))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


def tui(*arguments: str) -> str:
    return " ".join([sys.executable, "-m", "onnxdx_tui.cli", "tui", *arguments])


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_from_the_failing_run_to_the_fixed_one_and_back(
    size: tuple[int, int], terminal: Callable[[tuple[int, int]], Tmux], tmp_path: Path
) -> None:
    seen = terminal(size)
    before = seen.settings()

    seen.command(tui("net.py:build"))
    seen.until("✗ failed after")
    seen.type("Enter")
    diff = seen.until("FX captured")
    assert "mylib.twist" in diff
    seen.type("a")
    seen.until("proven   writes onnxdx_registry.py")
    if size == (120, 36):  # a smaller screen has no room for the command line
        seen.until("onnxdx fix net.py:build")
    seen.type("Enter")
    seen.until("1 resolved, 0 remaining, 0 introduced")
    assert (tmp_path / "onnxdx_registry.py").is_file()
    seen.type("u")
    seen.until("0 resolved, 0 remaining, 1 introduced")
    seen.type("q")
    seen.gone("all keys")

    assert not (tmp_path / "onnxdx_registry.py").exists()
    assert (tmp_path / "net.py").read_text() == MODEL
    assert seen.settings() == before


DIES = """
import ctypes

def build():
    ctypes.string_at(0)
"""


def test_a_worker_that_dies_and_an_editor_leave_the_terminal_as_it_was(
    terminal: Callable[[tuple[int, int]], Tmux], tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(DIES)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "an editor on $*"\nread line\n')
    editor.chmod(0o755)
    seen = terminal((100, 30))
    before = seen.settings()
    seen.command(f"export EDITOR={editor}")

    seen.command(tui("net.py:build"))
    seen.until("SIGSEGV")
    seen.type("e")
    opened = seen.until("an editor on")
    assert "net.py" in opened
    seen.type("Enter")
    seen.until("all keys")
    seen.type("q")
    seen.gone("all keys")

    assert seen.settings() == before
