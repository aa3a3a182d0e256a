"""The app in a terminal: what it sends, what it leaves behind, and how it ends when it is told to."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join(str(ROOT / each) for each in ("diagnostics", "exporter", "tui"))

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def _terminal_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("terminal", ROOT / "tests" / "bench" / "terminal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def opened() -> Iterator[Callable[..., Any]]:
    """Starts the app in a terminal of its own, and waits until the workspace stands."""
    module = _terminal_module()
    started = []

    def start(*arguments: str, until: bytes = b"all keys", **environment: str) -> Any:
        terminal = module.Terminal(module.onnxdx("tui", *arguments), environment={"PYTHONPATH": PATHS, **environment})
        started.append(terminal)
        terminal.until(until)
        return terminal

    yield start
    for each in started:
        each.end()


SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
ATTRIBUTES = {"", "0", "1", "2", "3", "4", "7", "22", "23", "24", "27", "39", "49"}


def test_without_colour_none_is_sent(failing: Path, opened: Callable[..., Any]) -> None:
    terminal = opened(str(failing), until=b"n/N next", NO_COLOR="1")
    terminal.press(b"6")
    terminal.quiet()

    sent = {code for match in SGR.finditer(terminal.output) for code in match[1].decode().split(";")}

    assert sent <= ATTRIBUTES


@pytest.mark.parametrize("how", ["q", "SIGTERM", "SIGHUP"])
def test_the_terminal_is_left_as_it_was(how: str, failing: Path, opened: Callable[..., Any]) -> None:
    terminal = opened(str(failing), until=b"n/N next")

    if how == "q":
        terminal.press(b"q")
    else:
        os.kill(terminal.pid, signal.Signals[how])
    terminal.until(b"\x1b[?1049l")
    code = terminal.waited()

    assert code == 0
    assert b"\x1b[?25h" in terminal.output.rpartition(b"\x1b[?1049h")[2]
    assert b"\x1b[?1000l" in terminal.output


def test_nothing_is_painted_on_what_is_no_screen(failing: Path, opened: Callable[..., Any]) -> None:
    terminal = opened(str(failing), until=b"DX301", TERM="dumb")
    terminal.waited()

    assert b"\x1b[?1049h" not in terminal.output
    assert b"this terminal cannot be painted on" in terminal.output
    assert b"special_i1" in terminal.output
