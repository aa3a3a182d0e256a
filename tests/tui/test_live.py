"""A target that is exported while one looks: it arrives, is cancelled, dies, is fixed. The worker is the real one."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from onnxdx_diagnostics.event_log import read_events
from onnxdx_diagnostics.events import EventKind
from onnxdx_diagnostics.rundir import EVENTS, REPORT
from onnxdx_tui.asked import Asked
from onnxdx_tui.tui_command import Shown, tui
from onnxdx_tui.workspace.app import Workspace
from onnxdx_tui.workspace.commands import COMMANDS
from onnxdx_tui.workspace.state import Phase

pytestmark = pytest.mark.slow

PASSES = ("capture", "decompose", "dispatch", "functions", "translate", "optimize", "validate", "verify")

GOOD = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.relu(x) + 1

def build():
    print("[bold]built\\x1b[2J")
    return Net(), (torch.rand(2, 4),)
"""
HANGS = """
import time
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return x + 1

def build():
    while True:
        time.sleep(0.05)
"""
STUBBORN = HANGS.replace(
    "import time",
    "import signal, time\nfor each in (signal.SIGTERM, signal.SIGINT):\n    signal.signal(each, signal.SIG_IGN)",
)
DIES = """
import ctypes
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return x + 1

def build():
    {how}
"""
Drive = Callable[[Any, Workspace], Awaitable[None]]


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run an app on a model that is written for it, and a script of what somebody does with it."""
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)

    def run(model: str, script: Drive) -> None:
        (tmp_path / "net.py").write_text(model)
        app = Workspace(wanted=Shown(asked()))

        async def played() -> None:
            async with app.run_test(size=(120, 36)) as pilot:
                await script(pilot, app)

        try:
            asyncio.run(played())
        finally:
            app.live.close()

    return run


def asked() -> Asked:
    """What `onnxdx tui net.py:build` asks for."""
    context = tui.make_context("tui", ["net.py:build"])
    given = {name: value for name, value in context.params.items() if name not in ("read_only", "theme")}
    return Asked(root=context.obj, **given)


async def phase(app: Workspace, *wanted: Phase, seconds: float = 120.0) -> None:
    """Wait until the run is in one of these phases."""
    end = asyncio.get_running_loop().time() + seconds
    while app.state.run.phase not in wanted or not app.settled:
        assert asyncio.get_running_loop().time() < end, f"the run stays {app.state.run}"
        await asyncio.sleep(0.02)


async def loading(app: Workspace) -> None:
    """Wait until the user's code runs."""
    while app.state.run.step != "load target" or not app.state.run.place:
        await asyncio.sleep(0.02)


def workers() -> list[int]:
    """The workers of this process that are still there, and what they have started."""
    return [
        each.pid
        for each in psutil.Process().children(recursive=True)
        if "onnxdx.live_worker" in " ".join(each.cmdline())
    ]


def test_a_run_arrives_and_is_kept(live: Callable[..., None], tmp_path: Path) -> None:
    async def script(pilot: Any, app: Workspace) -> None:
        await phase(app, Phase.ENDED)

        assert app.state.opened is not None
        assert app.state.run.said.startswith("✓ exported and proven")
        assert app.state.opened.graphs is not None
        assert "[bold]built\x1b[2J" in app.state.opened.printed

    live(GOOD, script)

    assert (tmp_path / ".onnxdx/runs/0001" / REPORT).is_file()
    assert not (tmp_path / ".onnxdx/runs/0001/.worker").exists()
    assert (tmp_path / ".onnxdx/.gitignore").read_text() == "*\n"


@pytest.mark.parametrize("model", [HANGS, STUBBORN], ids=["hangs", "ignores signals"])
def test_a_run_is_cancelled_and_the_app_goes_on(model: str, live: Callable[..., None], tmp_path: Path) -> None:
    async def script(pilot: Any, app: Workspace) -> None:
        await loading(app)
        await pilot.press("x")

        assert app.state.run.phase in (Phase.CANCELLING, Phase.ENDED)

        await phase(app, Phase.ENDED, seconds=30)

        assert app.state.run.said.startswith("■ cancelled")

    live(model, script)


def test_quitting_ends_what_the_model_has_started(live: Callable[..., None]) -> None:
    started: list[psutil.Process] = []

    async def script(pilot: Any, app: Workspace) -> None:
        await loading(app)
        started.extend(each for each in psutil.Process().children(recursive=True) if each.name() == "sleep")
        await pilot.press("q")
        await pilot.press("enter")
        while app.is_running and app._exit is False:
            await asyncio.sleep(0.02)

    live(HANGS.replace("def build():", "def build():\n    subprocess.Popen(['sleep', '1000'])").replace(
        "import time", "import subprocess, time"), script)  # fmt: skip

    assert len(started) == 1
    assert psutil.wait_procs(started, timeout=10)[1] == []


def test_quitting_asks_and_ends_the_run(live: Callable[..., None]) -> None:
    async def script(pilot: Any, app: Workspace) -> None:
        await loading(app)
        await pilot.press("q")
        await pilot.press("enter")
        while app.is_running and app._exit is False:
            await asyncio.sleep(0.02)

    live(HANGS, script)

    assert workers() == []


@pytest.mark.parametrize(
    ("how", "told"),
    [("ctypes.string_at(0)", "SIGSEGV"), ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL")],
)
def test_a_worker_that_dies_is_told_of_and_can_be_run_again(
    how: str, told: str, live: Callable[..., None], tmp_path: Path
) -> None:
    async def script(pilot: Any, app: Workspace) -> None:
        await phase(app, Phase.ENDED)

        assert told in app.state.run.said
        assert "r runs again" in app.state.run.said
        assert app.state.selected is not None
        assert app.state.selected.id == "DX802"

        (tmp_path / "net.py").write_text(GOOD)
        await pilot.press("r")
        await phase(app, Phase.STARTING, Phase.RUNNING, Phase.TRYING)
        await phase(app, Phase.ENDED)

        assert "1 resolved" in app.state.run.said

    live(DIES.format(how=how), script)

    assert workers() == []


@pytest.fixture
def earlier_run(tmp_path: Path) -> Path:
    """A run that was kept before."""
    folder = tmp_path / ".onnxdx/runs/0001"
    folder.mkdir(parents=True)
    (folder / REPORT).write_text("what was found before")
    return folder


@pytest.mark.parametrize("during", PASSES)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=lambda number: number.name)
def test_a_worker_that_is_killed_in_a_pass_loses_nothing(
    during: str, number: signal.Signals, live: Callable[..., None], tmp_path: Path, earlier_run: Path
) -> None:
    async def script(pilot: Any, app: Workspace) -> None:
        await phase(app, Phase.ENDED)

        assert number.name in app.state.run.said
        assert "r runs again" in app.state.run.said
        assert COMMANDS["rerun"].refusal(app.state) == ""
        assert app.state.opened is not None
        assert app.state.opened.report.findings[-1].id == "DX802"

    live(IN_PASS.format(during=during, act=f"os.kill(os.getpid(), {int(number)})"), script)

    assert passes_of(tmp_path / ".onnxdx/runs/0002")[-1] == during
    assert workers() == []
    assert (earlier_run / REPORT).read_text() == "what was found before"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the system does not refuse memory")
@pytest.mark.parametrize("during", PASSES)
def test_a_worker_that_gets_no_more_memory_in_a_pass_loses_nothing(
    during: str, live: Callable[..., None], tmp_path: Path, earlier_run: Path
) -> None:
    async def script(pilot: Any, app: Workspace) -> None:
        await phase(app, Phase.ENDED)

        assert app.state.run.style == "error"
        assert app.state.opened is not None
        assert any("memory" in each.message().lower() for each in app.state.opened.report.findings)
        assert COMMANDS["rerun"].refusal(app.state) == ""

        (tmp_path / "net.py").write_text(GOOD)
        await pilot.press("r")
        await phase(app, Phase.STARTING, Phase.RUNNING, Phase.TRYING)
        await phase(app, Phase.ENDED)

        assert app.state.opened.report.exported

    live(IN_PASS.format(during=during, act="starve()"), script)

    assert during in passes_of(tmp_path / ".onnxdx/runs/0002")
    assert workers() == []
    assert (earlier_run / REPORT).read_text() == "what was found before"


def passes_of(folder: Path) -> list[str]:
    """The passes that a run began."""
    return [each.subject for each in read_events(folder / EVENTS) if each.kind is EventKind.PASS_STARTED]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_an_app_that_is_ended_leaves_no_worker(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(HANGS)
    paths = os.pathsep.join(str(Path(__file__).parents[2] / each) for each in ("diagnostics", "exporter", "tui"))
    module = terminal_module()
    terminal = module.Terminal(module.onnxdx("tui", f"{tmp_path / 'net.py'}:build"), environment={"PYTHONPATH": paths})
    terminal.until(b"load target", 120)
    started = psutil.Process(terminal.pid).children(recursive=True)

    os.kill(terminal.pid, number)
    terminal.waited()

    assert started
    assert psutil.wait_procs(started, timeout=10)[1] == []


def terminal_module() -> Any:
    spec = importlib.util.spec_from_file_location("terminal", Path(__file__).parents[1] / "bench" / "terminal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIXABLE = """
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


def test_a_proven_fix_is_two_keys_away_and_undone_by_one(live: Callable[..., None], tmp_path: Path) -> None:
    async def script(pilot: Any, app: Workspace) -> None:
        await phase(app, Phase.ENDED)
        await pilot.press("a")
        await pilot.press("enter")

        assert (tmp_path / "onnxdx_registry.py").is_file()

        await phase(app, Phase.ENDED)

        assert "1 resolved, 0 remaining, 0 introduced" in app.state.run.said

        await pilot.press("u")

        assert not (tmp_path / "onnxdx_registry.py").exists()

        await phase(app, Phase.ENDED)

        assert "0 resolved, 0 remaining, 1 introduced" in app.state.run.said

        await pilot.press("U")
        await phase(app, Phase.ENDED)

        assert (tmp_path / "onnxdx_registry.py").is_file()

    live(FIXABLE, script)

    assert (tmp_path / "net.py").read_text() == FIXABLE


IN_PASS = """
import os
import resource
import sys
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.relu(x) + 1

def watch(frame, event, arg):
    if event == "call" and frame.f_code.co_filename.endswith(os.path.join("passes", "{during}.py")) \\
            and frame.f_code.co_name == "run":
        {act}
    return None

def starve():
    sys.setprofile(None)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, before[1]))
    try:
        torch.ones(1 << 28)  # the system gives no more, and refuses it
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)

def build():
    sys.setprofile(watch)
    return Net(), (torch.rand(2, 4),)
"""
